/** A refresh token that was used: what its successor is made with, for a caller who lost the answer. */
export interface Spent {
  /** SHA-256 of the token, base64url. */
  readonly hash: string;
  /** Random; with the token itself, and not without it, it gives the successor. base64url. */
  readonly salt: string;
  /** When it was used first, in ms since the epoch. */
  readonly at: number;
}

/** A session as it is stored: one login, and the family of refresh tokens that came of it. Times are ms since the epoch. */
export interface SessionRecord {
  readonly id: string;
  readonly user_id: string;
  /** The user's password when the session began; it ends with another. */
  readonly password_epoch: number;
  /** What called, by its own word. */
  readonly device?: string | undefined;
  /** Where it last called from. */
  readonly address?: string | undefined;
  readonly created_at: number;
  /** When it began or was last refreshed. */
  readonly last_used: number;
  readonly expires_at_ms: number;
  /** Until when its entry in its user's list is there; not before it expires. */
  readonly listed_until: number;
  /** Key by which the family's tokens are known: a spent one is told from one that was never given. base64url. */
  readonly family_key: string;
  /** SHA-256 of the one token that is good, base64url. */
  readonly current: string;
  /** The tokens spent within the grace, oldest first: each one's successor is the next one, the last one's is the current. */
  readonly spent: readonly Spent[];
  /** Counts changes from 1. */
  readonly revision: number;
}
