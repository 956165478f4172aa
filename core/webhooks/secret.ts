import { createHash, randomBytes } from "node:crypto";
import { memoryOf, type World } from "../ctx.ts";
import type { Secret, WebhookRecord } from "./record.ts";

const BYTES = 32;
/** Secrets that sign at a time; a rotation beyond that ends the oldest. */
const MOST = 4;
/** Opened secrets that a process remembers: those of all webhooks there may be. */
const REMEMBERED = 200;

/** What a secret is sealed under: that of one webhook opens for no other. */
const contextOf = (webhookId: string) => ({ webhook: webhookId });

/** A new secret of a webhook: as it is kept, and its value in the form of Standard Webhooks, to be shown once. */
export async function newSecret(
  { sealer }: Pick<World, "sealer">,
  webhookId: string,
): Promise<{ readonly secret: Secret; readonly value: string }> {
  const value = `whsec_${randomBytes(BYTES).toString("base64")}`;
  const sealed = await sealer.seal(Buffer.from(value), contextOf(webhookId));
  return { secret: { sealed, valid_until: null }, value };
}

/** The secrets after a rotation: `next`, and those before it until then at the latest (SPEC W8). */
export function rotated(
  secrets: readonly Secret[],
  next: Secret,
  now: number,
  overlapMs: number,
): readonly Secret[] {
  const ends = now + overlapMs;
  const before = secrets.flatMap((secret): Secret[] => {
    const valid_until = Math.min(secret.valid_until ?? ends, ends);
    return valid_until > now ? [{ ...secret, valid_until }] : [];
  });
  return [next, ...before].slice(0, MOST);
}

/**
 * The values that sign at this moment, the newest first. Signing reads secrets here and nowhere else.
 *
 * @throws Unavailable when they can't be opened now
 */
export function secretsInForce(
  world: Pick<World, "sealer" | "memory">,
  { id, secrets }: Pick<WebhookRecord, "id" | "secrets">,
  now: number,
): Promise<readonly string[]> {
  const inForce = secrets.filter(({ valid_until }) => valid_until === null || valid_until > now);
  return Promise.all(
    inForce.map(async (secret) => ("value" in secret ? secret.value : opened(world, id, secret.sealed))),
  );
}

const KEY = Symbol("webhook secrets");

/** Opened once in a process: each delivery is signed, and opening is a call. One that failed is tried again by whoever needs it next. */
function opened(
  { sealer, memory }: Pick<World, "sealer" | "memory">,
  id: string,
  sealed: Uint8Array,
): Promise<string> {
  const known = memoryOf({ memory }, KEY, () => new Map<string, Promise<string>>());
  const name = `${id} ${createHash("sha256").update(sealed).digest("base64url")}`;
  let value = known.get(name);
  if (!value) {
    value = sealer.open(sealed, contextOf(id)).then((bytes) => Buffer.from(bytes).toString());
    value.catch(() => known.delete(name));
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
    known.set(name, value);
  }
  return value;
}
