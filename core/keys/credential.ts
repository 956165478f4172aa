import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

/** Whom a credential is of: a service, a node, a machine that is about to join. */
export const KINDS = ["key", "node", "join"] as const;
export type Kind = (typeof KINDS)[number];

/** A credential taken apart. */
export interface Credential {
  readonly kind: Kind;
  /** What it is looked up by: a key's or token's id, or the id of the node. */
  readonly id: string;
  /** SHA-256 of the secret, base64url: what is stored, and compared. */
  readonly hash: string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_BYTES = 32;
/** Base-62 digits that hold the secret, and a CRC-32. */
const SECRET_DIGITS = 43;
const CHECK_DIGITS = 6;
/** From the right: a node's id may hold underscores itself. */
const FORM = /^arx_(key|node|join)_([A-Za-z0-9][A-Za-z0-9._-]{0,63})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/;

/**
 * Makes a credential: `arx_<kind>_<id>_<secret>_<checksum>`. The text is for whoever asked, once; the hash is what is kept. The secret has
 * 256 random bits, so that no slow hash is needed.
 */
export function makeCredential(kind: Kind, id: string): { readonly text: string; readonly hash: string } {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_DIGITS);
  const body = `arx_${kind}_${id}_${secret}`;
  return { text: `${body}_${checksum(body)}`, hash: hashOf(secret) };
}

/** A credential from its text; null for what is none, or is mistyped or cut: that is told without asking the store. */
export function parseCredential(text: string): Credential | null {
  const match = FORM.exec(text);
  if (!match || checksum(text.slice(0, -CHECK_DIGITS - 1)) !== match[4]) return null;
  return { kind: match[1] as Kind, id: match[2]!, hash: hashOf(match[3]!) };
}

/** Whether two hashes are the same; takes as long either way. */
export function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What a credential that nobody has is compared with, so that a miss does what a hit does. */
export const NO_HASH = hashOf("");

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** CRC-32 in base 62, as GitHub's tokens have it: scanners and typing errors are answered by it. It protects nothing. */
function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_DIGITS);
}

function base62(value: bigint, places: number): string {
  let digits = "";
  for (let rest = value; digits.length < places; rest /= 62n) digits = ALPHABET[Number(rest % 62n)] + digits;
  return digits;
}
