import type { SessionRecord } from "./record.ts";
import { hashOf, isOfFamily, type RefreshToken, successor } from "./token.ts";

/** Milliseconds in which a spent token may come again: its answer was lost, or two refreshed at once. */
export const GRACE_MS = 10_000;
/** Milliseconds that a refresh token is good for. */
export const REFRESH_TOKEN_MS = 7 * 86_400_000;
/** Refreshes of one session within the grace. */
export const MAX_SPENT = 32;

/**
 * What a token is to its session:
 *
 * - current: the one that is good
 * - recent: spent within the grace; `current` is the one that is good by now, which is the same for all who come
 * - reused: spent longer ago, so that one of its two bearers has no right to it
 * - foreign: never given
 */
export type Standing =
  | { readonly kind: "current" }
  | { readonly kind: "recent"; readonly current: RefreshToken }
  | { readonly kind: "reused" }
  | { readonly kind: "foreign" };

export function standingOf(session: SessionRecord, token: RefreshToken, now: number): Standing {
  // Comparing hashes of secrets leaks nothing of use by its time; the tag, which is no hash, is compared in constant time.
  if (!isOfFamily(token, session.family_key)) return { kind: "foreign" };
  const hash = hashOf(token);
  if (hash === session.current) return { kind: "current" };
  const at = session.spent.findIndex((spent) => spent.hash === hash);
  if (at < 0 || !isInGrace(session.spent[at]!.at, now)) return { kind: "reused" };
  const current = session.spent
    .slice(at)
    .reduce((token, { salt }) => successor(token, salt, session.family_key), token);
  return { kind: "recent", current };
}

/**
 * A session after its current token was used: with the next one current.
 *
 * @param salt random, of this use alone
 * @returns null when so many tokens are within the grace that one of them would be forgotten.
 */
export function turned(
  session: SessionRecord,
  token: RefreshToken,
  { salt, now }: { readonly salt: string; readonly now: number },
): { session: SessionRecord; next: RefreshToken } | null {
  const oldest = session.spent.findIndex(({ at }) => isInGrace(at, now));
  const kept = oldest < 0 ? [] : session.spent.slice(oldest);
  if (kept.length >= MAX_SPENT) return null;
  const next = successor(token, salt, session.family_key);
  const expires_at_ms = now + REFRESH_TOKEN_MS;
  return {
    next,
    session: {
      ...session,
      current: hashOf(next),
      spent: [...kept, { hash: session.current, salt, at: now }],
      last_used: now,
      expires_at_ms,
      listed_until: session.listed_until < expires_at_ms ? listedUntil(expires_at_ms) : session.listed_until,
      revision: session.revision + 1,
    },
  };
}

/** Until when a session that expires then is listed: so long that it is seldom to be written again. */
export function listedUntil(expiresAtMs: number): number {
  return expiresAtMs + REFRESH_TOKEN_MS;
}

/** Whether a session still goes on at `now`. */
export function isOn(session: SessionRecord, now: number): boolean {
  return now < session.expires_at_ms;
}

function isInGrace(at: number, now: number): boolean {
  return now - at <= GRACE_MS;
}
