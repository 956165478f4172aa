import { expect, test } from "vitest";
import { inLanes } from "./lanes.ts";

const always = () => true;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("every item is worked on, never more than the width at once, and results keep the order", async () => {
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 50 }, (_, index) => index);
  const results = await inLanes(
    items,
    7,
    async (item) => {
      most = Math.max(most, ++running);
      for (let turns = 0; turns < item % 5; turns++) await turn();
      running -= 1;
      return item * 2;
    },
    always,
  );
  expect(results).toEqual(items.map((item) => item * 2));
  expect(most).toBe(7);
});

test("nothing more is taken once it is over, and what was taken is finished", async () => {
  let finished = 0;
  const results = await inLanes(
    Array.from({ length: 50 }, (_, index) => index),
    4,
    async (item) => {
      await turn();
      finished += 1;
      return item;
    },
    () => finished < 10,
  );
  expect(results.length).toBe(finished);
  expect(results).toEqual(Array.from({ length: finished }, (_, index) => index));
  expect(finished).toBeLessThan(50);
});

test("no items, no work", async () => {
  expect(await inLanes([], 4, () => Promise.reject(new Error("worked")), always)).toEqual([]);
});
