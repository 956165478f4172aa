import { expect, test } from "vitest";
import { firstLoad, isFailing, walk } from "./load.ts";

test("load stays within its bounds and keeps moving", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let load = firstLoad(100, random);
  const seen = new Set<number>();
  for (let step = 0; step < 2000; step++) {
    load = walk(load, 100, random);
    for (const value of [load.cpu, load.memory, load.background])
      expect(value >= 0 && value <= 100).toBe(true);
    seen.add(Math.round(load.cpu));
  }
  expect(seen.size).toBeGreaterThan(20);
});

test("extreme chance never leaves the bounds", () => {
  for (const chance of [0, 0.999999]) {
    let load = firstLoad(50, () => chance);
    for (let step = 0; step < 500; step++) load = walk(load, 50, () => chance);
    expect(load.cpu >= 0 && load.cpu <= 100 && load.background >= 0 && load.background <= 50).toBe(true);
  }
});

test.each([1000, 5000, 30_000])(
  "with checks each %i ms it fails for more than three of them, then recovers",
  (interval) => {
    const first = Array.from({ length: 1000 }, (_, step) => isFailing(step * 1000, interval));
    const begins = first.indexOf(true);
    const ends = first.indexOf(false, begins);
    expect(begins * 1000).toBeGreaterThanOrEqual(60_000);
    expect((ends - begins) * 1000).toBeGreaterThan(interval * 3);
    expect(first.indexOf(true, ends)).toBeGreaterThan(ends);
  },
);
