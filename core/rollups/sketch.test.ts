import fc from "fast-check";
import { expect, test } from "vitest";
import { addBins, type Bins, binOf, percentiles } from "./sketch.ts";

const times = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 200 });

function sketchOf(given: readonly number[]): Bins {
  const bins: Bins = new Map();
  for (const ms of given) bins.set(binOf(ms), (bins.get(binOf(ms)) ?? 0) + 1);
  return bins;
}

test("R13: percentiles are within 2 % of the exact ones, however the times were split up and added", () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      const bins = sketchOf(a);
      addBins(bins, sketchOf(b));
      expect(bins).toEqual(sketchOf([...a, ...b]));
      const sorted = [...a, ...b].sort((x, y) => x - y);
      const got = percentiles(bins);
      for (const [name, q] of [
        ["p50", 0.5],
        ["p95", 0.95],
        ["p99", 0.99],
      ] as const) {
        const exact = sorted[Math.floor(q * (sorted.length - 1))]!;
        expect(Math.abs(got[name]! - exact) / exact).toBeLessThanOrEqual(0.02);
      }
    }),
  );
});

test("no times have no percentiles; a time of nothing is one of next to nothing", () => {
  expect(percentiles(new Map())).toEqual({ p50: null, p95: null, p99: null });
  expect(percentiles(sketchOf([0, 0])).p99).toBeLessThan(0.002);
});
