const BASE_MS = 200;
const MAX_MS = 10_000;

/** What is known of an attempt that failed: its status (0 for no answer), and what its `Retry-After` said. */
export interface Failed {
  readonly error: { readonly status: number; readonly code: string | undefined };
  readonly retryAfter: string | null;
}

/**
 * Milliseconds to wait before the next attempt, or null when none is worth it. Full jitter: anything up to a bound that doubles from 200 ms
 * to 10 s; at least what the server asked for. A server that asks for more than that is not waited for.
 *
 * @param tries attempts before the one that failed
 */
export function pauseBefore(
  tries: number,
  { error, retryAfter }: Failed,
  random: () => number,
): number | null {
  // A 503 with a code is an answer about the fleet, and no fault that passes by itself in a second.
  const passing =
    error.status === 429 || error.status === 0 || (error.status === 503 && error.code === undefined);
  if (!passing) return null;
  const asked = Number(retryAfter ?? 0) * 1000;
  if (asked > MAX_MS) return null;
  const jitter = random() * Math.min(MAX_MS, BASE_MS * 2 ** tries);
  return Math.max(0, Number.isFinite(asked) ? asked : 0) + jitter;
}

/** Waits; a signal ends it at once. @throws the signal's reason */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
