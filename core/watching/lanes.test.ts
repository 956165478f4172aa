import { expect, test } from "vitest";
import { openLanes } from "./lanes.ts";

test("at most as many at once as there are lanes, and each has its turn, failures included", async () => {
  const lanes = openLanes(3);
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const ends = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      lanes(async () => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        done.push(i);
        if (i % 7 === 0) throw new Error("bad");
        return i;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(ends.filter((end) => end.status === "rejected")).toHaveLength(8);
  expect(await lanes(async () => "again")).toBe("again");
});

test("no more begin in one turn of the event loop than may, and all have their turn", async () => {
  const lanes = openLanes(100, 4);
  let begun = 0;
  let most = 0;
  let turns = 0;
  let counting = true;
  const turn = () => {
    most = Math.max(most, begun);
    begun = 0;
    turns += 1;
    if (counting) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(
    Array.from({ length: 41 }, () =>
      lanes(async () => {
        begun += 1;
      }),
    ),
  );
  counting = false;
  expect(most).toBeLessThanOrEqual(2 * 4);
  expect(turns).toBeGreaterThanOrEqual(5);
});
