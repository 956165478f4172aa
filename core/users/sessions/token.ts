import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const SECRET_BYTES = 32;
const TAG_BYTES = 16;
// Secret and tag are 48 bytes, which base64url writes in 64 characters and in one way only.
const FORM = /^arx_refresh_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([A-Za-z0-9_-]{64})$/;

/** A refresh token as its bearer has it: a secret, and a tag by which its family knows it for one of its own. */
export interface RefreshToken {
  readonly session: string;
  readonly secret: Buffer;
  readonly tag: Buffer;
}

/** The token in a text; null when it is none. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const [, session, body] = FORM.exec(text) ?? [];
  if (session === undefined || body === undefined) return null;
  const bytes = Buffer.from(body, "base64url");
  return { session, secret: bytes.subarray(0, SECRET_BYTES), tag: bytes.subarray(SECRET_BYTES) };
}

export function formatRefreshToken({ session, secret, tag }: RefreshToken): string {
  return `arx_refresh_${session}_${Buffer.concat([secret, tag]).toString("base64url")}`;
}

export function makeKey(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** The first token of a family. */
export function firstToken(session: string, familyKey: string): RefreshToken {
  return tagged(session, randomBytes(SECRET_BYTES), familyKey);
}

/**
 * The token after `token`: the HMAC-SHA256 of its secret under `salt`. Whoever has both always comes to the same one; the store has the salt and
 * only the hash of the token.
 */
export function successor(token: RefreshToken, salt: string, familyKey: string): RefreshToken {
  return tagged(token.session, mac(salt, token.secret), familyKey);
}

/** Whether a token was ever given in this family. */
export function isOfFamily(token: RefreshToken, familyKey: string): boolean {
  return timingSafeEqual(token.tag, tagOf(token.secret, familyKey));
}

/** What is stored of a token. */
export function hashOf({ secret, tag }: RefreshToken): string {
  return createHash("sha256").update(secret).update(tag).digest("base64url");
}

function tagged(session: string, secret: Buffer, familyKey: string): RefreshToken {
  return { session, secret, tag: tagOf(secret, familyKey) };
}

function tagOf(secret: Buffer, familyKey: string): Buffer {
  return mac(familyKey, secret).subarray(0, TAG_BYTES);
}

function mac(key: string, of: Buffer): Buffer {
  return createHmac("sha256", Buffer.from(key, "base64url")).update(of).digest();
}
