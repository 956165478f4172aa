import { isDeepStrictEqual } from "node:util";
import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict, NotFound, Stale } from "../errors.ts";
import { ifMatchAllows } from "../nodes/etag.ts";
import { deleteWebhook, type Held, readRoster, reviseWebhook } from "./items.ts";
import type { WebhookRecord } from "./record.ts";
import { FRESH } from "./standing.ts";

/** Tries a write has: each one lost means that another was taken. */
export const TRIES = 6;

interface Asked {
  readonly id: string;
  readonly if_match?: string | undefined;
}

/** The webhook as a change makes it; whether its standing begins anew by that; what the audit tells of it beside the fields. */
interface Revision {
  readonly after: WebhookRecord;
  readonly restarts: boolean;
  readonly detail?: Parameters<typeof Audit.auditRow>[1]["detail"];
}

/** A webhook and its standing. @throws NotFound. */
export async function known(ctx: Ctx, id: string): Promise<Held> {
  const held = (await readRoster(ctx.store)).held.get(id);
  if (!held) throw new NotFound(`There is no webhook ${id}.`);
  return held;
}

/**
 * Changes a webhook as `decide` says, which gets the newest revision and the time; tries again when another was first, unless `if_match`
 * names the revision. What changes nothing writes nothing. The audit has the names of the fields: a URL may hold a receiver's own secret.
 *
 * @throws NotFound, Stale, Conflict when others keep being first.
 */
export async function revise(
  ctx: Ctx,
  asked: Asked,
  action: `webhook.${string}`,
  decide: (before: WebhookRecord, now: number) => Revision,
): Promise<Held> {
  for (let tries = 1; ; tries++) {
    const { webhook: before, standing } = await matching(ctx, asked);
    const now = Math.max(ctx.now(), before.updated_at);
    const { after: decided, restarts, detail } = decide(before, now);
    if (isDeepStrictEqual(before, decided)) return { webhook: before, standing };
    const after = { ...decided, updated_at: now, revision: before.revision + 1 };
    const row = Audit.auditRow(ctx, {
      action,
      target: after.id,
      result: "done",
      detail: { changed: fieldsThatDiffer(before, after), revision: after.revision, ...detail },
    });
    if (await reviseWebhook(ctx.store, before, { after, restarts }, [row]))
      return { webhook: after, standing: restarts ? FRESH : standing };
    await lost(ctx, asked, tries);
  }
}

/** Deletes a webhook. @throws as `revise` does. */
export async function erase(ctx: Ctx, asked: Asked): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { webhook } = await matching(ctx, asked);
    const row = Audit.auditRow(ctx, { action: "webhook.delete", target: webhook.id, result: "done" });
    if (await deleteWebhook(ctx.store, webhook, [row])) return;
    await lost(ctx, asked, tries);
  }
}

/** What follows from another change by itself. */
const DERIVED: readonly string[] = ["active_since", "updated_at", "revision"];

function fieldsThatDiffer(before: WebhookRecord, after: WebhookRecord): string[] {
  const names = Object.keys(after) as (keyof WebhookRecord)[];
  return names
    .filter((name) => !DERIVED.includes(name) && !isDeepStrictEqual(before[name], after[name]))
    .sort();
}

async function matching(ctx: Ctx, { id, if_match }: Asked): Promise<Held> {
  const held = await known(ctx, id);
  const { revision } = held.webhook;
  if (ifMatchAllows(if_match, revision)) return held;
  throw new Stale(`The webhook has changed: its revision is ${revision} now.`);
}

async function lost(ctx: Ctx, { id }: Asked, tries: number): Promise<void> {
  if (tries === TRIES) throw new Conflict(`The webhook ${id} is being changed by others; try again.`);
  await pause(ctx, tries);
}

/** Up to 20 ms after the first lost write, doubling, so that rivals part ways. */
export function pause(ctx: Ctx, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.random() * 10 * 2 ** tries));
}
