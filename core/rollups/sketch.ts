import { DDSketch } from "@datadog/sketches-js";

/** What a percentile may be off by, relative to the exact one. */
export const RELATIVE_ACCURACY = 0.01;

/** Milliseconds that count as the least there is: the logarithm has no zero. */
const LEAST_MS = 0.001;

const { mapping } = new DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });

/** A sketch of times as its bins: how many fell into each. Adding up bins is merging sketches, exactly. */
export type Bins = Map<number, number>;

/** The bin of a time in milliseconds. */
export function binOf(ms: number): number {
  return mapping.key(Math.max(LEAST_MS, ms));
}

export function addBins(to: Bins, from: ReadonlyMap<number, number>): void {
  for (const [bin, count] of from) to.set(bin, (to.get(bin) ?? 0) + count);
}

export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/**
 * Percentiles in milliseconds of what a sketch holds, each within 1 % of the value at rank ⌊q · (n − 1)⌋; null when it is empty.
 * Masson, Rim, Lee: DDSketch, VLDB 2019.
 */
export function percentiles(bins: ReadonlyMap<number, number>): Percentiles {
  if (bins.size === 0) return { p50: null, p95: null, p99: null };
  const sketch = new DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });
  for (const [bin, count] of bins) sketch.store.add(bin, count);
  sketch.count = sketch.store.count;
  const at = (q: number) => Number(sketch.getValueAtQuantile(q).toPrecision(6));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
