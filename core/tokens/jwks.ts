import * as z from "zod/mini";
import type { World } from "../ctx.ts";
import { ALGORITHM, ringOf } from "./keys.ts";
import { verifiersAt } from "./ring.ts";

/** A JWK Set (RFC 7517) of Ed25519 keys. */
export const keySet = z.object({
  keys: z.array(
    z.object({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      x: z.string(),
      kid: z.string(),
      alg: z.literal(ALGORITHM),
      use: z.literal("sig"),
    }),
  ),
});
export type KeySet = z.output<typeof keySet>;

/** The public keys whose tokens are good, and the one that will sign next; none before the first token. */
export async function jwks(world: World): Promise<KeySet> {
  const ring = await ringOf(world);
  const keys = ring ? verifiersAt(ring, world.now()) : [];
  return {
    keys: keys.map(({ kid, public: { kty, crv, x } }) => ({ kty, crv, x, kid, alg: ALGORITHM, use: "sig" })),
  };
}
