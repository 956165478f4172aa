import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newestAcross, type Shard } from "./newest.ts";

interface Entry {
  readonly key: string;
  readonly kept: boolean;
}

/** A shard over entries in memory, which may answer with less than it is asked for, as DynamoDB does. */
function shardOf(entries: readonly Entry[], most: number): Shard<Entry> {
  return async (before, count) => {
    const older = entries.filter(({ key }) => before === undefined || key < before);
    const sorted = older.toSorted((a, b) => (a.key < b.key ? 1 : -1));
    const read = sorted.slice(0, Math.min(count, most));
    const stoppedAt = read.length < sorted.length ? read.at(-1)!.key : undefined;
    return { items: read.filter(({ kept }) => kept), stoppedAt };
  };
}

const fleet = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.boolean()), {
    maxLength: 120,
    selector: ([at]) => at,
  })
  .map((entries) => entries.map(([at, kept]) => ({ key: String(at).padStart(5, "0"), kept })));

describe("newestAcross", () => {
  it("gives every entry once, newest first, page after page, while newer ones are added", async () => {
    await fc.assert(
      fc.asyncProperty(
        fleet,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 200 }),
        async (entries, shardCount, limit, most, budget) => {
          const shards = Array.from({ length: shardCount }, (): Entry[] => []);
          for (const [at, entry] of entries.entries()) shards[(at * 7) % shardCount]!.push(entry);
          const seen: string[] = [];
          let before: string | undefined;
          let pages = 0;
          do {
            const page = await newestAcross(
              shards.map((shard) => shardOf(shard, most)),
              { keyOf: ({ key }) => key, before, limit, budget },
            );
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items.map(({ key }) => key));
            before = page.stoppedAt;
            shards[pages % shardCount]!.push({ key: `1${String(pages).padStart(5, "0")}`, kept: true });
            expect(++pages).toBeLessThan(1000);
          } while (before !== undefined);
          const wanted = entries.filter(({ kept }) => kept).map(({ key }) => key);
          expect(seen).toEqual(wanted.sort().reverse());
        },
      ),
    );
  });

  it("has no next page when the last one is just full", async () => {
    const shards = [shardOf([{ key: "1", kept: true }], 9), shardOf([{ key: "2", kept: true }], 9)];
    const options = { keyOf: ({ key }: Entry) => key, before: undefined, limit: 2, budget: 100 };
    const page = await newestAcross(shards, options);
    expect(page.items.map(({ key }) => key)).toEqual(["2", "1"]);
    expect(page.stoppedAt).toBeUndefined();
  });

  it("stops reading at its budget, and says where to go on", async () => {
    const entries = Array.from({ length: 500 }, (_, at) => ({ key: String(1000 + at), kept: false }));
    let reads = 0;
    const shard: Shard<Entry> = (before, count) => {
      reads++;
      return shardOf(entries, 10)(before, count);
    };
    const page = await newestAcross([shard], {
      keyOf: ({ key }) => key,
      before: undefined,
      limit: 10,
      budget: 50,
    });
    expect(page.items).toEqual([]);
    expect(page.stoppedAt).toBe(String(1500 - 10 * reads));
    expect(reads).toBeLessThan(5);
  });
});
