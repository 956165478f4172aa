import fc from "fast-check";
import { expect, test } from "vitest";
import { pack, unpacker } from "./pack.ts";
import { bucketFor, Series } from "./series.ts";

test("a packed cell gives back each node's sample, to half a percent", () => {
  const half = fc.integer({ min: 0, max: 200 }).map((halves) => halves / 2);
  const sample = fc.record({
    cpu_usage: fc.option(half, { nil: undefined }),
    memory_usage: fc.option(half, { nil: undefined }),
    active_connections: fc.integer({ min: 0, max: 0xff_ff_ff }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string(), sample), { selector: ([id]) => id, maxLength: 64 }),
      (nodes) => {
        const packed = pack(nodes);
        expect(packed.length).toBe(11 * nodes.length);
        for (const [id, given] of nodes) expect(unpacker(id)(packed)).toEqual(given);
        expect(unpacker("somebody else, not in this cell")(packed)).toBeNull();
      },
    ),
  );
});

test("a series of any range has at most 720 points by itself", () => {
  expect(bucketFor(3600)).toBe(60);
  expect(bucketFor(86_400)).toBe(300);
  for (const hours of [1, 12, 24, 48, 168])
    expect((hours * 3600) / bucketFor(hours * 3600)).toBeLessThanOrEqual(720);
});

test("every sample is in a point and in the totals", () => {
  const sample = fc.record({
    at: fc.integer({ min: 0, max: 100_000 }),
    cpu_usage: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    active_connections: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(sample), fc.constantFrom(60, 300, 3600), (samples, bucketS) => {
      const series = new Series(bucketS);
      for (const { at, ...load } of samples) series.add(at, { ...load, memory_usage: undefined });
      const points = series.points();
      expect(points.reduce((sum, point) => sum + point.samples, 0)).toBe(samples.length);
      expect(points.map(({ at }) => at)).toEqual(
        [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b),
      );
      for (const point of points) {
        const inside = samples.filter(({ at }) => at >= point.at && at < point.at + bucketS);
        const mean = inside.reduce((sum, one) => sum + one.active_connections, 0) / inside.length;
        expect(point.active_connections).toBeCloseTo(mean, 1);
        expect(point.memory_usage).toBeNull();
      }
      const most = samples.length > 0 ? Math.max(...samples.map((one) => one.active_connections)) : null;
      expect(series.totals().active_connections.max).toBe(most);
    }),
  );
});
