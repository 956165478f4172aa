import { JWTExpired } from "jose/errors";
import { jwtVerify } from "jose/jwt/verify";
import * as z from "zod/mini";
import type { World } from "../ctx.ts";
import { Unauthenticated } from "../errors.ts";
import { ALGORITHM, verificationKey } from "./keys.ts";

/** The media type of access tokens (RFC 9068), so that no other token of the same key is taken for one. */
export const TYPE = "at+jwt";

const MAX_LENGTH = 2048;
const PARTS = /^([\w-]+)\.[\w-]+\.([\w-]+)$/;

const header = z.object({ alg: z.literal(ALGORITHM), kid: z.string().check(z.minLength(1)) });

const claims = z.object({
  sub: z.string().check(z.minLength(1)),
  role: z.enum(["admin", "user"]),
  sid: z.string().check(z.minLength(1)),
  jti: z.string().check(z.minLength(1)),
  iat: z.number(),
  exp: z.number(),
});

/** What an access token says: whose it is, in which role and session. `iat` and `exp` are seconds since the epoch. */
export type AccessClaims = Readonly<z.output<typeof claims>>;

/**
 * The claims of an access token. Whether its session still goes on is `Sessions.isLive`'s to say.
 *
 * @throws Unauthenticated for anything that is not a token of ours in force now.
 */
export async function verify(world: World, token: string): Promise<AccessClaims> {
  const kid = kidOf(token);
  const key = kid === null ? null : await verificationKey(world, kid);
  if (!key) throw refused();
  // From here on nothing is asked of the store: what goes wrong is wrong with the token.
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer: world.config.ARX_TOKEN_ISSUER,
      audience: world.config.ARX_TOKEN_AUDIENCE,
      currentDate: new Date(world.now()),
    });
    return z.parse(claims, payload);
  } catch (error) {
    throw error instanceof JWTExpired ? new Unauthenticated("The access token has expired.") : refused();
  }
}

/** The key that a token names; null for what is no token of our form. */
function kidOf(token: string): string | null {
  if (token.length > MAX_LENGTH) return null;
  const [, head, signature] = PARTS.exec(token) ?? [];
  if (head === undefined || signature === undefined) return null;
  // The last character of a signature has bits that decoding skips; only one spelling of it is ours.
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature) return null;
  try {
    const parsed = z.safeParse(header, JSON.parse(Buffer.from(head, "base64url").toString()));
    return parsed.success ? parsed.data.kid : null;
  } catch {
    return null;
  }
}

function refused(): Unauthenticated {
  return new Unauthenticated("The access token is not valid.");
}
