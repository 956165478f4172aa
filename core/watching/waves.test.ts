import fc from "fast-check";
import { expect, test } from "vitest";
import { wavesIn } from "./waves.ts";

const MINUTE = 60_000;
const at = (s: number) => s * 1000;

test("an interval of 30 s is two waves a minute, of which one is due", () => {
  expect(wavesIn(at(600), 60, 30)).toEqual([600, 630]);
  expect(wavesIn(at(607), 60, 30)).toEqual([600, 630]);
});

test("an interval of 90 s is one wave in two of three minutes", () => {
  expect([0, 1, 2, 3, 4, 5].map((minute) => wavesIn(minute * MINUTE, 60, 90))).toEqual([
    [0],
    [90],
    [],
    [180],
    [270],
    [],
  ]);
});

test("a late call orders of the overdue waves only the last", () => {
  expect(wavesIn(at(659), 60, 30)).toEqual([630]);
  expect(wavesIn(at(641), 60, 10)).toEqual([640, 650]);
});

test("a window as long as the interval holds one wave", () => {
  expect(wavesIn(at(1001.5), 1, 1)).toEqual([1001]);
  expect(wavesIn(at(1003), 5, 5)).toEqual([1000]);
});

test("windows in time leave no wave out and order none twice", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: 1e6 }),
      (intervalS, firstMinute) => {
        const minutes = Array.from({ length: 20 }, (_, i) => firstMinute + i);
        const ordered = minutes.flatMap((minute) => wavesIn(minute * MINUTE, 60, intervalS));
        const every = Array.from({ length: 20 * 60 }, (_, i) => firstMinute * 60 + i).filter(
          (s) => s % intervalS === 0,
        );
        expect(ordered).toEqual(every);
      },
    ),
  );
});
