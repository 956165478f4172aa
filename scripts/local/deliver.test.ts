import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Delivery, deliver } from "./deliver.ts";

interface Seen {
  readonly handed: number[];
  readonly done: number[];
  readonly dead: number[];
}

/** Delivers 0…count−1 to a handler that fails on a record as long as `fails` says, reporting it or throwing. */
async function run(count: number, fails: Map<number, number>, throws: boolean, retries = 3): Promise<Seen> {
  const seen: Seen = { handed: [], done: [], dead: [] };
  const left = new Map(fails);
  const delivery: Delivery<number> = {
    hand: async (batch) => {
      for (const [at, record] of batch.entries()) {
        const times = left.get(record) ?? 0;
        if (times > 0) {
          left.set(record, times - 1);
          if (throws) throw new Error("broken");
          return at;
        }
        seen.handed.push(record);
      }
      return batch.length;
    },
    done: (record) => seen.done.push(record),
    giveUp: (record) => seen.dead.push(record),
    retries,
    backoffMs: 0,
    signal: new AbortController().signal,
  };
  await deliver(
    Array.from({ length: count }, (_, at) => at),
    delivery,
  );
  return seen;
}

test("records that all succeed go over once, in one batch", async () => {
  const seen = await run(5, new Map(), false);
  expect(seen).toEqual({ handed: [0, 1, 2, 3, 4], done: [4], dead: [] });
});

test("a partial failure goes on from the record that failed, and repeats none before it", async () => {
  const seen = await run(5, new Map([[2, 1]]), false);
  expect(seen.handed).toEqual([0, 1, 2, 3, 4]);
  expect(seen.dead).toEqual([]);
});

test("a poison record is given up after its retries, alone, and those after it go over", async () => {
  for (const throws of [false, true]) {
    const seen = await run(8, new Map([[5, Infinity]]), throws);
    expect(seen.dead).toEqual([5]);
    expect(new Set(seen.handed)).toEqual(new Set([0, 1, 2, 3, 4, 6, 7]));
    expect(seen.done.at(-1)).toBe(7);
  }
});

test("whatever fails: each record succeeds at least once or is given up, in order, and the progress told only grows", async () => {
  const failures = fc.array(fc.tuple(fc.nat(11), fc.oneof(fc.nat(6), fc.constant(Infinity))), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      failures,
      fc.boolean(),
      async (count, given, throws) => {
        const seen = await run(count, new Map(given), throws);
        const all = Array.from({ length: count }, (_, at) => at);
        expect([...new Set([...seen.handed, ...seen.dead])].toSorted((a, b) => a - b)).toEqual(all);
        const firsts = [...new Set(seen.handed)];
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
        expect(seen.done).toEqual(seen.done.toSorted((a, b) => a - b));
        expect(seen.done.at(-1)).toBe(count - 1);
      },
    ),
    { numRuns: 200 },
  );
});

test("stops between batches when it is told to", async () => {
  const stop = new AbortController();
  const handed: number[][] = [];
  await deliver([1, 2, 3], {
    hand: async (batch) => {
      handed.push([...batch]);
      stop.abort();
      return 1;
    },
    done() {},
    giveUp() {},
    retries: 3,
    backoffMs: 0,
    signal: stop.signal,
  });
  expect(handed).toEqual([[1, 2, 3]]);
});
