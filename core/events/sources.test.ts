import fc from "fast-check";
import { expect, test } from "vitest";
import { advanced, packSources, type Sources, shardName, unpackSources } from "./sources.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 500);

const name = fc.nat().map((n) => shardName("nodes", `shard-${n}`));
const reached = fc.record({
  sequence: fc.bigInt({ min: 0n, max: 10n ** 40n - 1n }),
  at: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
const sources = fc.array(fc.tuple(name, reached), { maxLength: 50 }).map((rows): Sources => new Map(rows));

test("E2: sources come back as they were packed, sequence numbers of 40 digits too, at 27 bytes each", () => {
  fc.assert(
    fc.property(sources, (given) => {
      const packed = packSources(given);
      expect(packed.length).toBe(27 * given.size);
      expect(unpackSources(packed)).toEqual(given);
      // As a slice of a larger buffer, which a client may hand over.
      const wide = new Uint8Array(packed.length + 20);
      wide.set(packed, 7);
      expect(unpackSources(wide.subarray(7, 7 + packed.length))).toEqual(given);
    }),
    { numRuns: RUNS },
  );
  const largest: Sources = new Map([[shardName("a", "b"), { sequence: 10n ** 40n - 1n, at: 2 ** 32 - 1 }]]);
  expect(unpackSources(packSources(largest))).toEqual(largest);
});

test("E2: names tell tables and shards apart", () => {
  const names = ["nodes", "cells", "requests"].flatMap((table) =>
    Array.from({ length: 1000 }, (_, n) => shardName(table, `shardId-0000000${n}`)),
  );
  expect(new Set(names).size).toBe(3000);
  for (const one of names) expect(one).toMatch(/^[0-9a-f]{12}$/);
});

test("E2: a shard that moves on is remembered there; one that was silent for more than an hour is forgotten, others stay", () => {
  const now = 1_800_000_000_000;
  const at = now / 1000;
  const before: Sources = new Map([
    ["a".repeat(12), { sequence: 1n, at: at - 3601 }],
    ["b".repeat(12), { sequence: 2n, at: at - 3600 }],
    ["c".repeat(12), { sequence: 3n, at }],
    // A writer's clock was ahead.
    ["d".repeat(12), { sequence: 4n, at: at + 50 }],
  ]);
  const after = advanced(before, "c".repeat(12), 9n, now + 999);
  expect(Object.fromEntries(after)).toEqual({
    ["b".repeat(12)]: { sequence: 2n, at: at - 3600 },
    ["c".repeat(12)]: { sequence: 9n, at },
    ["d".repeat(12)]: { sequence: 4n, at: at + 50 },
  });
  expect(before.size).toBe(4);
  // The one that moves on is there again, however long it was silent.
  expect(advanced(before, "a".repeat(12), 5n, now).get("a".repeat(12))).toEqual({ sequence: 5n, at });
});
