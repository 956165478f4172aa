import { randomUUID } from "node:crypto";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { Audit } from "../audit/index.ts";
import type { Ctx, World } from "../ctx.ts";
import { Conflict } from "../errors.ts";
import { iso, newId } from "../id.ts";
import { insertRing, replaceRing } from "./items.ts";
import { ALGORITHM, holdRing, readRing, ringOf } from "./keys.ts";
import { PUBLISHED_MS, type PublicJwk, type Ring, replaced, rotated, type SigningKey } from "./ring.ts";
import { contextOf } from "./seal.ts";

/** A rotation as whoever ordered it reads it; ISO-8601. */
export interface Rotation {
  readonly kid: string;
  readonly signs_from: string;
  /** The key before it, and until when its tokens are good; absent when there is none. */
  readonly before?: { readonly kid: string; readonly verifies_until: string };
}

/** The ring, with the first key made if there is none: whoever is first at this makes it for all. */
export async function ringToSign(world: World): Promise<Ring> {
  const known = await ringOf(world);
  if (known) return known;
  const first: Ring = { revision: 1, keys: [await makeKey(world, 0)] };
  if (!(await insertRing(world.store, first, randomUUID()))) return (await readRing(world))!;
  holdRing(world, first);
  return first;
}

/**
 * Makes a new key: it is published at once and signs ten minutes later; the one before it verifies until its last token is over.
 *
 * @param options `compromised`: the new key signs at once and all others are dropped. Within a minute every access token before it is
 * refused, and clients come by new ones with their refresh tokens.
 * @throws Conflict while a rotation is under way, or another begins at this moment.
 */
export async function rotate(ctx: Ctx, options: { compromised?: boolean } = {}): Promise<Rotation> {
  const before = await readRing(ctx);
  if (!before) return described(await ringToSign(ctx));
  const key = await makeKey(ctx, options.compromised ? 0 : PUBLISHED_MS);
  const after = options.compromised ? replaced(before, key) : rotated(before, key);
  if (!after) {
    const until = iso(before.keys[0]!.verifies_until!);
    throw new Conflict(`The keys are being rotated: tokens of the older one are good until ${until}.`);
  }
  const detail = { compromised: options.compromised ?? false };
  const row = Audit.auditRow(ctx, { action: "signing_key.rotate", target: key.kid, result: "done", detail });
  if (!(await replaceRing(ctx.store, before, after, [row]))) {
    throw new Conflict("The keys are rotated at this very moment.");
  }
  holdRing(ctx, after);
  return described(after);
}

async function makeKey(world: World, publishedMs: number): Promise<SigningKey> {
  const pair = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
  const kid = newId(world);
  const created_at = world.now();
  const secret = Buffer.from(JSON.stringify(await exportJWK(pair.privateKey)));
  return {
    kid,
    public: (await exportJWK(pair.publicKey)) as PublicJwk,
    sealed: await world.sealer.seal(secret, contextOf(kid)),
    created_at,
    signs_from: created_at + publishedMs,
  };
}

function described({ keys }: Ring): Rotation {
  const newest = keys.at(-1)!;
  const old = keys.at(-2);
  return {
    kid: newest.kid,
    signs_from: iso(newest.signs_from),
    ...(old ? { before: { kid: old.kid, verifies_until: iso(old.verifies_until!) } } : {}),
  };
}
