/** Milliseconds that an access token is good for. */
export const ACCESS_TOKEN_MS = 15 * 60_000;
/** Milliseconds that a process trusts the ring it has read. */
export const RING_FRESH_MS = 60_000;
/** Seconds that whoever fetches the public keys may keep them; for the `Cache-Control` of the key set. */
export const JWKS_MAX_AGE_S = 300;
/** A new key signs only when every cache has had the time to hold it. */
export const PUBLISHED_MS = 2 * JWKS_MAX_AGE_S * 1000;
/** Clocks of two processes differ by less. */
const SKEW_MS = 60_000;

/** The public half of an Ed25519 key (RFC 8037). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

/** A key as it is stored. Times are milliseconds since the epoch. */
export interface SigningKey {
  readonly kid: string;
  readonly public: PublicJwk;
  /** The private JWK, sealed under the key's id. */
  readonly sealed: Uint8Array;
  readonly created_at: number;
  readonly signs_from: number;
  /** When the last token that it signed is over; absent while it is the newest. */
  readonly verifies_until?: number;
}

/** The keys, oldest first: at most one that ages, and the newest. */
export interface Ring {
  readonly revision: number;
  readonly keys: readonly SigningKey[];
}

/** The key to sign with at `now`: the newest that has been published long enough. */
export function signerAt({ keys }: Ring, now: number): SigningKey | undefined {
  return keys.findLast((key) => key.signs_from <= now) ?? keys[0];
}

/** The keys whose tokens are good at `now`. */
export function verifiersAt({ keys }: Ring, now: number): SigningKey[] {
  return keys.filter((key) => key.verifies_until === undefined || now < key.verifies_until);
}

/**
 * The ring with a new key. The one before it signs until the new one does, and verifies until its last token is over, wherever a process
 * still signed by a ring it had read before.
 *
 * @param key takes over at its `signs_from`
 * @returns null while a rotation is under way: three keys would be valid, or one dropped whose tokens are.
 */
export function rotated(ring: Ring, key: SigningKey): Ring | null {
  const valid = verifiersAt(ring, key.created_at);
  if (valid.length > 1) return null;
  const verifies_until = key.signs_from + ACCESS_TOKEN_MS + RING_FRESH_MS + SKEW_MS;
  return { revision: ring.revision + 1, keys: [...valid.map((old) => ({ ...old, verifies_until })), key] };
}

/** The ring with nothing but a new key: every token that an older one signed is refused. */
export function replaced(ring: Ring, key: SigningKey): Ring {
  return { revision: ring.revision + 1, keys: [key] };
}
