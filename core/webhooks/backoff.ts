/** Seconds to wait after the first failure, the second and so on: ten tries over some sixteen hours (SPEC W5). */
const WAITS_S = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800] as const;

/** Attempts that a delivery has. The queue's `maxReceives` is this. */
export const ATTEMPTS = WAITS_S.length + 1;

const SPREAD = 0.2;
/** The longest that a receiver may ask for. */
const MOST_ASKED_S = 3600;

/**
 * Seconds to wait after a failed attempt.
 *
 * @param attempt counted from 1
 * @param askedS what the receiver's `Retry-After` asked for, or null
 * @param random uniform in [0, 1)
 * @returns 0 after the last attempt: there is nothing to wait for, and the queue moves it to the dead letters
 */
export function waitS(attempt: number, askedS: number | null, random: number): number {
  const planned = WAITS_S[attempt - 1];
  if (planned === undefined) return 0;
  const spread = planned * (1 - SPREAD + 2 * SPREAD * random);
  return Math.round(Math.max(spread, Math.min(askedS ?? 0, MOST_ASKED_S)));
}

/** The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: a number or a date); null when it is absent or none. */
export function readRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}
