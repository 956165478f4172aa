import type { CryptoKey } from "jose";
import { SignJWT } from "jose/jwt/sign";
import { importJWK } from "jose/key/import";
import { memoryOf, type World } from "../ctx.ts";
import { newId } from "../id.ts";
import { ALGORITHM } from "./keys.ts";
import { ACCESS_TOKEN_MS, type SigningKey, signerAt } from "./ring.ts";
import { ringToSign } from "./rotate.ts";
import { contextOf } from "./seal.ts";
import { type AccessClaims, TYPE } from "./verify.ts";

const MEMORY = Symbol("private keys");

/**
 * An access token for a session, good for 15 minutes.
 *
 * @throws Unavailable when the keys can't be read.
 */
export async function issue(
  world: World,
  { sub, role, sid }: Pick<AccessClaims, "sub" | "role" | "sid">,
): Promise<{ token: string; expiresInS: number }> {
  const key = signerAt(await ringToSign(world), world.now())!;
  const iat = Math.floor(world.now() / 1000);
  const expiresInS = ACCESS_TOKEN_MS / 1000;
  const token = await new SignJWT({ role, sid })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.kid })
    .setIssuer(world.config.ARX_TOKEN_ISSUER)
    .setAudience(world.config.ARX_TOKEN_AUDIENCE)
    .setSubject(sub)
    .setJti(newId(world))
    .setIssuedAt(iat)
    .setExpirationTime(iat + expiresInS)
    .sign(await privateKey(world, key));
  return { token, expiresInS };
}

/** Opened once in a process. One that could not be opened is tried again by the next caller. */
function privateKey(world: World, key: SigningKey): Promise<CryptoKey> {
  const keys = memoryOf(world, MEMORY, () => new Map<string, Promise<CryptoKey>>());
  let opened = keys.get(key.kid);
  if (!opened) {
    opened = openKey(world, key);
    keys.set(key.kid, opened);
    opened.catch(() => keys.delete(key.kid));
  }
  return opened;
}

async function openKey(world: World, { kid, sealed }: SigningKey): Promise<CryptoKey> {
  const opened = await world.sealer.open(sealed, contextOf(kid));
  return (await importJWK(JSON.parse(Buffer.from(opened).toString()), ALGORITHM)) as CryptoKey;
}
