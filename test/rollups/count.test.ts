import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RoutingRequest } from "../../core/requests/index.ts";
import { DIMENSIONS } from "../../core/rollups/cube.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { expectExact } from "./compare.ts";
import { faulty } from "./faults.ts";
import { anyRequest, bruteForce, chance, storedItem } from "./requests.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 8);
const HOUR = 3_600_000;
// Far ahead: DynamoDB Local takes away what has expired.
const NOW = Date.parse("2040-03-01T12:34:56.000Z");

let world: TestWorld;
let now = NOW;
beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
});
afterAll(() => world.close());

type Batch = { readonly shard: string; readonly records: Rollups.StreamRecord[] };

/** A shard's records: inserts, and among them changes that count for nothing. */
function shardOf(random: () => number, requests: readonly RoutingRequest[]): Rollups.StreamRecord[] {
  let sequence = 10n ** 20n;
  return requests.flatMap((request) => {
    sequence += BigInt(1 + Math.floor(random() * 1000));
    const insert = { sequence, inserted: storedItem(request) };
    if (random() < 0.9) return [insert];
    sequence += 1n;
    return [insert, { sequence, inserted: null }];
  });
}

/** Runs that cover a shard, then some of any extent again, in any order but that a first delivery is in order more often than not. */
function deliveries(random: () => number, shard: string, records: Rollups.StreamRecord[]): Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; at < records.length; ) {
    const size = 1 + Math.floor(random() * 12);
    batches.push({ shard, records: records.slice(at, at + size) });
    at += size;
    if (random() < 0.4) {
      const from = Math.floor(random() * at);
      batches.push({ shard, records: records.slice(from, from + 1 + Math.floor(random() * 20)) });
    }
  }
  if (random() < 0.3) batches.sort(() => random() - 0.5);
  return batches.filter((batch) => batch.records.length > 0);
}

async function untilDone(given: TestWorld, { shard, records }: Batch): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    try {
      return await Rollups.count(given, shard, records);
    } catch {
      // The stream brings it again.
    }
  }
  throw new Error("It never got through.");
}

test(`R1–R9: duplicates, re-cut runs, two consumers, faults before and after a commit, folds in between: ${RUNS} runs, every count exact`, async () => {
  let seed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (size, shards) => {
        const random = chance(++seed * 7919);
        // Each run has hours of its own, in one table.
        now = NOW + seed * 10 * HOUR;
        const since = now - 3 * HOUR;
        const requests: RoutingRequest[] = [];
        const queues = Array.from({ length: shards }, (_, n) => {
          // In nine minutes of three hours, so that batches meet in them.
          const mine = Array.from({ length: size }, () => {
            const minute = since + Math.floor(random() * 9) * 20 * 60_000;
            return anyRequest(random, { since: minute, until: minute + 60_000 });
          });
          requests.push(...mine);
          return deliveries(random, `shard-${seed}-${n}`, shardOf(random, mine));
        });
        const flaky = faulty(world, random, 0.15);
        const consumer = async (batches: Batch[]) => {
          for (const batch of batches) {
            await untilDone(flaky, batch);
            if (random() < 0.05) await Rollups.fold(world);
          }
        };
        // Each shard's deliveries by one consumer, and by another that lags behind it.
        await Promise.all(queues.flatMap((batches) => [consumer(batches), consumer(batches)]));
        const wanted = bruteForce(requests, world.config.MAX_DISTANCE);
        const read = () => Rollups.read(world, { since, until: now }, DIMENSIONS);
        const first = await read();
        expect(first.since).toBe(since - (since % 60_000));
        expectExact(first.cube, wanted);
        now += HOUR;
        await Rollups.fold(world);
        expectExact((await Rollups.read(world, { since, until: now }, DIMENSIONS)).cube, wanted);
      },
    ),
    { numRuns: RUNS },
  );
}, 600_000);

test("R7: a minute of thousands of clients goes on in further parts, and counts each once", async () => {
  now = NOW + 1_000 * 24 * HOUR;
  const random = chance(5);
  const minute = now - (now % 60_000) - 60_000;
  const requests = Array.from({ length: 3000 }, (_, n) =>
    anyRequest(
      random,
      { since: minute, until: minute + 60_000 },
      { client_info: { client_id: `client-${n}-${random()}` } },
    ),
  );
  const records = shardOf(random, requests);
  for (let at = 0; at < records.length; at += 500) {
    await Rollups.count(world, "wide", records.slice(at, at + 500));
    await Rollups.count(world, "wide", records.slice(Math.max(0, at - 250), at + 250));
  }
  const range = { since: minute, until: minute + 60_000 };
  expectExact(
    (await Rollups.read(world, range, DIMENSIONS)).cube,
    bruteForce(requests, world.config.MAX_DISTANCE),
  );
  now += 2 * HOUR;
  await Rollups.fold(world);
  const hour = { since: minute - (minute % HOUR), until: minute - (minute % HOUR) + HOUR };
  expectExact(
    (await Rollups.read(world, hour, DIMENSIONS)).cube,
    bruteForce(requests, world.config.MAX_DISTANCE),
  );
});

test("R9: what comes after a fold is read at once, and is in the next fold", async () => {
  now = NOW + 2_000 * 24 * HOUR;
  const random = chance(6);
  const since = now - (now % HOUR) - 30 * HOUR;
  const range = { since, until: since + 26 * HOUR };
  const early = Array.from({ length: 60 }, () => anyRequest(random, range));
  const late = Array.from({ length: 30 }, () => anyRequest(random, range));
  const records = shardOf(random, [...early, ...late]);
  const cut = records.findIndex(({ inserted }) => inserted?.id === late[0]!.id);
  await Rollups.count(world, "s", records.slice(0, cut));
  await Rollups.fold(world);
  const both = bruteForce([...early, ...late], world.config.MAX_DISTANCE);
  expectExact(
    (await Rollups.read(world, range, DIMENSIONS)).cube,
    bruteForce(early, world.config.MAX_DISTANCE),
  );
  await Rollups.count(world, "s", records.slice(cut));
  expectExact((await Rollups.read(world, range, DIMENSIONS)).cube, both);
  const folded = await Rollups.fold(world);
  expect(folded.hours).toBeGreaterThan(0);
  expect(folded.days).toBe(1);
  expectExact((await Rollups.read(world, range, DIMENSIONS)).cube, both);
  expect(await Rollups.fold(world)).toEqual({ hours: 0, days: 0 });
});

test("R11: what is too old is told of and not counted", async () => {
  now = NOW + 3_000 * 24 * HOUR;
  const old = anyRequest(chance(7), { since: now - 50 * HOUR, until: now - 45 * HOUR });
  await Rollups.count(world, "s", shardOf(chance(8), [old]));
  const { cube } = await Rollups.read(world, { since: now - 60 * HOUR, until: now }, []);
  expect(cube.total.requests).toBe(0);
});
