import type { Sample } from "./pack.ts";

/** Seconds that a point may stand for, when the caller leaves it open. */
const BUCKETS_S = [60, 300, 900, 1800, 3600] as const;
/** Points up to which the finest bucket is taken. */
const ENOUGH_POINTS = 720;

/** The finest bucket (s) with which a range of seconds is at most 720 points. */
export function bucketFor(seconds: number): number {
  return BUCKETS_S.find((bucket) => seconds / bucket <= ENOUGH_POINTS) ?? BUCKETS_S[BUCKETS_S.length - 1]!;
}

export interface Point {
  /** The second its bucket begins. */
  readonly at: number;
  readonly samples: number;
  readonly cpu_usage: number | null;
  readonly memory_usage: number | null;
  readonly active_connections: number | null;
}

export interface Total {
  readonly avg: number | null;
  readonly max: number | null;
}

const FIELDS = ["cpu_usage", "memory_usage", "active_connections"] as const;
export type Totals = Readonly<Record<(typeof FIELDS)[number], Total>>;

interface Sum {
  sum: number;
  count: number;
  max: number;
}

type Sums = Record<(typeof FIELDS)[number], Sum>;

const nothing = (): Sums => ({ cpu_usage: zero(), memory_usage: zero(), active_connections: zero() });
const zero = (): Sum => ({ sum: 0, count: 0, max: Number.NEGATIVE_INFINITY });

/** Gathers samples, in any order, into points of one bucket each (their mean), and into totals. Every sample is in both. */
export class Series {
  readonly #bucketS: number;
  readonly #buckets = new Map<number, { samples: number; sums: Sums }>();
  readonly #totals = nothing();
  #samples = 0;

  constructor(bucketS: number) {
    this.#bucketS = bucketS;
  }

  /** @param at seconds since the epoch */
  add(at: number, sample: Sample): void {
    const start = Math.floor(at / this.#bucketS) * this.#bucketS;
    let bucket = this.#buckets.get(start);
    if (!bucket) {
      bucket = { samples: 0, sums: nothing() };
      this.#buckets.set(start, bucket);
    }
    bucket.samples += 1;
    this.#samples += 1;
    for (const field of FIELDS) {
      const value = sample[field];
      if (value === undefined) continue;
      for (const sum of [bucket.sums[field], this.#totals[field]]) {
        sum.sum += value;
        sum.count += 1;
        sum.max = Math.max(sum.max, value);
      }
    }
  }

  /** Oldest first; a bucket without a sample is left out. */
  points(): Point[] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([at, { samples, sums }]) => ({
        at,
        samples,
        cpu_usage: mean(sums.cpu_usage),
        memory_usage: mean(sums.memory_usage),
        active_connections: mean(sums.active_connections),
      }));
  }

  samples(): number {
    return this.#samples;
  }

  totals(): Totals {
    const total = (sum: Sum): Total => ({ avg: mean(sum), max: sum.count > 0 ? sum.max : null });
    const { cpu_usage, memory_usage, active_connections } = this.#totals;
    return {
      cpu_usage: total(cpu_usage),
      memory_usage: total(memory_usage),
      active_connections: total(active_connections),
    };
  }
}

function mean({ sum, count }: Sum): number | null {
  return count === 0 ? null : Math.round((sum / count) * 100) / 100;
}
