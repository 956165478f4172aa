import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Base-62 digits that hold 256 bits. */
const SECRET_DIGITS = 43;
const FORM = /^arx_node_([A-Za-z0-9][A-Za-z0-9._-]{0,63})_([0-9A-Za-z]{43})_([0-9a-f]{6})$/;

/** A node's key, shown once, and what is stored of it. */
export interface NodeKey {
  readonly key: string;
  /** SHA-256 of the whole key, hex. The secret has 256 random bits, so that no slow hash is needed. */
  readonly hash: string;
}

/** Makes a node's key: `arx_node_<node id>_<secret>_<checksum>`. */
export function makeNodeKey(nodeId: string): NodeKey {
  const body = `arx_node_${nodeId}_${base62(randomBytes(32))}`;
  const key = `${body}_${checksum(body)}`;
  return { key, hash: hashNodeKey(key) };
}

/** The node that a key says it is of; null for what is no node key at all, or a mistyped one. */
export function nodeOfKey(key: string): string | null {
  const match = FORM.exec(key);
  if (!match) return null;
  return checksum(key.slice(0, -7)) === match[3] ? match[1]! : null;
}

export function hashNodeKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Whether a key is the one whose hash is stored; takes the same time either way. */
export function isKeyOf(key: string, keyHash: string): boolean {
  const stored = Buffer.from(keyHash, "hex");
  const given = createHash("sha256").update(key).digest();
  return stored.length === given.length && timingSafeEqual(stored, given);
}

/** Tells a mistyped or cut key from a wrong one, without asking the store; it protects nothing. */
function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 6);
}

function base62(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let digits = "";
  for (let place = 0; place < SECRET_DIGITS; place++) {
    digits = ALPHABET[Number(value % 62n)] + digits;
    value /= 62n;
  }
  return digits;
}
