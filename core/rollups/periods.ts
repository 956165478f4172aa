export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How long each is kept, in milliseconds. */
export const KEPT_MS = { minute: 2 * DAY_MS, hour: 35 * DAY_MS, day: 731 * DAY_MS } as const;

export type Bucket = keyof typeof KEPT_MS;
export const BUCKETS = ["minute", "hour", "day"] as const satisfies readonly Bucket[];
export const BUCKET_MS: Readonly<Record<Bucket, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };

export function floorTo(at: number, step: number): number {
  return Math.floor(at / step) * step;
}
export function ceilTo(at: number, step: number): number {
  return Math.ceil(at / step) * step;
}

/** The finest that is certain to be kept of an instant. */
function grainAt(at: number, now: number): number {
  if (at >= ceilTo(now - KEPT_MS.minute, HOUR_MS)) return MINUTE_MS;
  return at >= ceilTo(now - KEPT_MS.hour, DAY_MS) ? HOUR_MS : DAY_MS;
}

/** A stretch of time [since, until), in milliseconds. */
export interface Range {
  readonly since: number;
  readonly until: number;
}

/** The least range around the asked one that can be counted exactly: whole minutes, and whole hours or days where only those are left. */
export function aligned({ since, until }: Range, now: number): Range {
  const end = Math.min(until, ceilTo(now + 1, MINUTE_MS));
  return { since: floorTo(since, grainAt(since, now)), until: ceilTo(end, grainAt(end, now)) };
}

/** A piece of a range, and what it is read from: whole hours and days where there are such, else the minutes of one hour. */
export interface Piece extends Range {
  readonly of: Bucket;
}

/**
 * Cuts a range of whole minutes into days, hours and stretches of minutes, each instant in exactly one. `has` tells which hours and days
 * may be used.
 */
export function pieces(
  { since, until }: Range,
  has: (of: "hour" | "day", start: number) => boolean,
): Piece[] {
  const cut: Piece[] = [];
  for (let at = since; at < until; ) {
    const whole = (["day", "hour"] as const).find((of) => {
      const size = BUCKET_MS[of];
      return at % size === 0 && at + size <= until && has(of, at);
    });
    const end = whole ? at + BUCKET_MS[whole] : Math.min(until, floorTo(at, HOUR_MS) + HOUR_MS);
    cut.push({ of: whole ?? "minute", since: at, until: end });
    at = end;
  }
  return cut;
}
