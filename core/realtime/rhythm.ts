import type { Rhythm } from "./broadcaster.ts";

/** How fast tokens come back: what a dashboard costs in a busy fleet follows from it (SPEC R7). */
export const TOKEN_EVERY_MS = 5000;
const MOST_TOKENS = 6;
/** Readings, which come with every sweep, leave so many for routes, so that these are seen at once. */
const KEPT_FOR_ROUTES = 3;

export function newRhythm(): Rhythm {
  return { tokens: MOST_TOKENS, filledAt: 0, cells: new Map() };
}

/** Adds the tokens that have come back since the last time. */
export function fill(rhythm: Rhythm, now: number): void {
  rhythm.tokens = Math.min(MOST_TOKENS, rhythm.tokens + Math.max(0, now - rhythm.filledAt) / TOKEN_EVERY_MS);
  rhythm.filledAt = now;
}

/** Whether a message of routes alone may go out. */
export function maySend({ tokens }: Rhythm): boolean {
  return tokens >= 1;
}

/** Whether a message of readings alone may go out. */
export function mayRead({ tokens }: Rhythm): boolean {
  return tokens >= 1 + KEPT_FOR_ROUTES;
}

export function spend(rhythm: Rhythm): void {
  rhythm.tokens = Math.max(0, rhythm.tokens - 1);
}
