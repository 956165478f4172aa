/** How long a client that lost its connection stays away, in milliseconds. */
export interface Backoff {
  /** The bound of the first pause; it doubles with each. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
}

/**
 * Milliseconds until the next attempt: exponential backoff with full jitter, anything from 0 up to a bound, so that clients that were
 * disconnected together do not come back together.
 *
 * @param failures in a row, before this one
 * @param random uniform in [0, 1)
 */
export function reconnectPause(
  failures: number,
  { backoffBaseMs, backoffMaxMs }: Backoff,
  random: () => number,
): number {
  return random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** failures);
}
