import type { Ctx } from "../ctx.ts";
import { Invalid } from "../errors.ts";
import { iso } from "../id.ts";
import { type Measures, Rollups } from "../rollups/index.ts";

const DAY_MS = 86_400_000;

interface Asked {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/**
 * The range that is asked for: the last 24 hours unless said otherwise.
 *
 * @throws Invalid for one that is reversed, or begins before anything is kept.
 */
export function rangeOf(ctx: Ctx, asked: Asked): Rollups.Range {
  const until = asked.until ?? ctx.now();
  const since = asked.since ?? until - DAY_MS;
  if (since >= until) throw invalid("since", "Must be before until, which is now when it is left out");
  const days = Rollups.KEPT_MS.day / DAY_MS;
  if (since < ctx.now() - Rollups.KEPT_MS.day)
    throw invalid("since", `Must be within the last ${days} days: older counts are not kept`);
  return { since, until };
}

export function invalid(path: string, message: string): Invalid {
  return new Invalid(`The request is not valid: ${path}: ${message}.`, [{ path, message }]);
}

export function told({ since, until }: Rollups.Range): { since: string; until: string } {
  return { since: iso(since), until: iso(until) };
}

/** Percent with two decimals. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

/** The figures that every answer gives of a key, a cell or a stretch of time. */
export function measured({ requests, failed, rejected, bins }: Measures) {
  return {
    requests,
    failed,
    rejected,
    error_rate: percent(failed + rejected, requests),
    response_time_ms: Rollups.percentiles(bins),
  };
}
