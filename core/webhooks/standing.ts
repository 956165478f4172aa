import { iso } from "../id.ts";
import type { Outcome } from "./attempt.ts";

/** How deliveries to a webhook go, as it is stored. Times in milliseconds since the epoch, null for never. */
export interface Standing {
  /** Counts its writes. */
  readonly version: number;
  readonly last_success_at: number | null;
  readonly last_failure_at: number | null;
  /** Why the last failure was one, in a sentence. */
  readonly last_failure: string | null;
  /** Since the last success. */
  readonly consecutive_failures: number;
  /** The first failure since the last success; null while all is well. */
  readonly failing_since: number | null;
  /** The last write, and the last that a failure made. */
  readonly noted_at: number;
  readonly failure_noted_at: number;
}

/** What a process saw of a webhook's deliveries since it last wrote. */
export interface Tally {
  readonly succeeded_at: number | null;
  /** Since the last success. */
  readonly failures: number;
  readonly first_failed_at: number | null;
  readonly failed_at: number | null;
  readonly failure: string | null;
}

const NOTE_EVERY_MS = 60_000;
const HOPELESS_MS = 3 * 86_400_000;
const HOPELESS_FAILURES = 100;

/** Of a webhook to which nothing was delivered yet. */
export const FRESH: Standing = {
  version: 1,
  last_success_at: null,
  last_failure_at: null,
  last_failure: null,
  consecutive_failures: 0,
  failing_since: null,
  noted_at: 0,
  failure_noted_at: 0,
};

const NOTHING: Tally = {
  succeeded_at: null,
  failures: 0,
  first_failed_at: null,
  failed_at: null,
  failure: null,
};

/** A tally with one more outcome. A success ends the run of failures before it. */
export function tallied(tally: Tally = NOTHING, outcome: Outcome, at: number): Tally {
  if (outcome.ok) return { ...tally, succeeded_at: at, failures: 0, first_failed_at: null };
  return {
    ...tally,
    failures: tally.failures + 1,
    first_failed_at: tally.first_failed_at ?? at,
    failed_at: at,
    failure: outcome.reason,
  };
}

/** A tally that could not be written, and what was seen since. */
export function joined(older: Tally, newer: Tally = NOTHING): Tally {
  const recovered = newer.succeeded_at !== null;
  return {
    succeeded_at: newer.succeeded_at ?? older.succeeded_at,
    failures: newer.failures + (recovered ? 0 : older.failures),
    first_failed_at: recovered ? newer.first_failed_at : (older.first_failed_at ?? newer.first_failed_at),
    failed_at: newer.failed_at ?? older.failed_at,
    failure: newer.failure ?? older.failure,
  };
}

/**
 * Whether a tally is to be written (SPEC W9): a first sign of life after failures at once, all else once a minute. A flapping receiver
 * costs two writes a minute.
 */
export function isDue(standing: Standing, tally: Tally, now: number): boolean {
  if (tally.failures > 0) return now - standing.failure_noted_at >= NOTE_EVERY_MS;
  return standing.consecutive_failures > 0 || now - standing.noted_at >= NOTE_EVERY_MS;
}

/** The standing with a tally added. */
export function settled(standing: Standing, tally: Tally, now: number): Standing {
  const recovered = tally.succeeded_at !== null;
  const failures = (recovered ? 0 : standing.consecutive_failures) + tally.failures;
  const since = recovered ? tally.first_failed_at : (standing.failing_since ?? tally.first_failed_at);
  return {
    version: standing.version + 1,
    last_success_at: latest(standing.last_success_at, tally.succeeded_at),
    last_failure_at: latest(standing.last_failure_at, tally.failed_at),
    last_failure: tally.failure ?? standing.last_failure,
    consecutive_failures: failures,
    failing_since: failures > 0 ? since : null,
    noted_at: now,
    failure_noted_at: tally.failures > 0 ? now : standing.failure_noted_at,
  };
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** Why a webhook is to be switched off (SPEC W6), in a sentence; null while it is not. */
export function hopelessness(standing: Standing, now: number): string | null {
  const { failing_since, consecutive_failures, last_failure, last_success_at } = standing;
  if (failing_since === null || now - Math.max(failing_since, last_success_at ?? 0) < HOPELESS_MS)
    return null;
  if (consecutive_failures <= HOPELESS_FAILURES) return null;
  return `Nothing got through since ${iso(failing_since)}, in ${consecutive_failures} attempts or more. The last: ${last_failure}`;
}
