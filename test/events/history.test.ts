import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Unavailable } from "../../core/errors.ts";
import { type Change, Events, type LogEntry } from "../../core/events/index.ts";
import { chance } from "../rollups/requests.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Fault, faulty } from "./faults.ts";
import { allAfter, expectOneSequence, forget } from "./whole-log.ts";

/** Deliveries of batches; 10 000 proves the bar. */
const RUNS = Number(process.env.ARX_RUNS ?? 400);
const HOUR = 3_600_000;
const SKEW = 30_000;

let world: TestWorld;
// Far ahead: DynamoDB Local takes away what has expired.
let now = Date.parse("2040-03-01T12:34:56.000Z");
beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
});
afterAll(() => world.close());

const told = { deliveries: 0, tries: 0, repeated: 0, faults: 0, entries: 0, facts: 0, forgotten: 0 };

type Random = () => number;
const below = (random: Random, most: number) => Math.floor(random() * most);

interface Shard {
  readonly table: string;
  readonly shard: string;
  readonly changes: readonly Change[];
}

/** A shard's changes: of none, one or two facts, or a cell that was swept; each says where it comes from. */
function shardOf(random: Random, name: string, size: number): Shard {
  let sequence = 10n ** BigInt(20 + below(random, 20));
  const changes = Array.from({ length: size }, (_, n): Change => {
    sequence += BigInt(1 + below(random, 1000));
    const kind = below(random, 8);
    if (kind === 0) return { sequence, facts: [] };
    if (kind === 1) return { sequence, facts: [], swept: `${name}#${n}` };
    // Now and then so large that a few of them are more than an entry holds.
    const text = Array.from({ length: kind === 2 ? 400 : 1 }, () => random().toString(36))
      .join("")
      .repeat(kind === 2 ? 3 : 1);
    const data = { shard: name, n, text };
    const facts = Array.from({ length: 1 + (kind & 1) }, (_f, part) => ({
      type: "node_updated" as const,
      at: now,
      data: { ...data, part },
    }));
    return { sequence, facts };
  });
  return { table: ["nodes", "cells", "requests"][below(random, 3)]!, shard: name, changes };
}

/** What a trigger hands over: the shard in order, in batches of any cut, some of it again, also joined to what follows. */
function* deliveries(random: Random, changes: readonly Change[]): Generator<readonly Change[]> {
  for (let at = 0; at < changes.length; ) {
    const size = 1 + below(random, 12);
    yield changes.slice(at, at + size);
    at += size;
    while (random() < 0.4) {
      told.repeated++;
      const from = below(random, at);
      const upTo = random() < 0.5 ? at : at + below(random, 12);
      yield changes.slice(from, upTo);
      at = Math.max(at, upTo);
    }
  }
}

/** A consumer of a shard, in one warm process or in ever new ones, with a clock of its own, that is told of failures and tries again. */
async function consume(random: Random, { changes, ...source }: Shard): Promise<void> {
  const skew = (random() - 0.5) * SKEW;
  const warm = { ...coldWorld(world), random, now: () => Math.floor(now + skew) };
  const isCold = random() < 0.3;
  const flaky = faulty(warm, (): Fault | undefined => {
    const fault = (["unsent", "unanswered", "resent"] as const)[below(random, 20)];
    if (fault) told.faults++;
    return fault;
  });
  for (const batch of deliveries(random, changes)) {
    told.deliveries++;
    for (let isDone = false; !isDone; ) {
      told.tries++;
      now += below(random, 50);
      const given = isCold || random() < 0.1 ? coldWorld(flaky) : flaky;
      isDone = await Events.append(given, source, batch).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Unavailable) return false;
          throw error;
        },
      );
    }
  }
}

function markOf(fact: LogEntry["facts"][number]): string {
  const { n, part } = fact.data as { n: number; part: number };
  return `${n}.${part}`;
}

/** E2, E3: every change of a shard once, in the shard's order. */
function expectAllOf({ shard, changes }: Shard, entries: readonly LogEntry[]): void {
  const facts = entries.flatMap((entry) => entry.facts).filter(({ data }) => data.shard === shard);
  const wanted = changes.flatMap((change, n) => change.facts.map((_, part) => `${n}.${part}`));
  expect(facts.map(markOf), shard).toEqual(wanted);
  const swept = entries.flatMap((entry) => entry.swept).filter((cell) => cell.startsWith(`${shard}#`));
  expect(swept, shard).toEqual(changes.flatMap((change) => change.swept ?? []));
}

test(`E1–E4: ${RUNS} deliveries by rival writers, repeated, cut otherwise, with faults before and after commits: each change once`, async () => {
  let seed = 0;
  let before = { seq: 0, at: 0 };
  const history = fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom("goes on", "is silent", "is gone", "lost its end"),
    async (sizes, consumers, log) => {
      const random = chance(++seed * 7919);
      if (log !== "goes on") now += Math.round(HOUR * (log === "is silent" ? 0.9 + random() : 2.5));
      if (log === "is gone" && ++told.forgotten) await forget(world);
      if (log === "lost its end") await forget(world, (seq) => seq > before.seq - 3);
      const isAlive =
        now - before.at < HOUR / 2 && (await Events.readAfter(world, before.seq - 1, 1)).length > 0;
      const shards = sizes.map((size, n) => shardOf(random, `s${seed}-${n}`, size));
      const lanes = shards.flatMap((shard) =>
        Array.from({ length: consumers }, () => consume(random, shard)),
      );
      await Promise.all(lanes);
      const entries = await allAfter(world, before.seq, 1 + below(random, 50));
      expectOneSequence(entries);
      for (const shard of shards) expectAllOf(shard, entries);
      if (entries[0]) {
        expect(entries[0].at).toBeGreaterThanOrEqual(before.at);
        if (isAlive) expect(entries[0].seq).toBe(before.seq + 1);
      }
      before = await Events.head(world);
      if (entries.length > 0) expect(before).toEqual({ seq: entries.at(-1)!.seq, at: entries.at(-1)!.at });
      told.entries += entries.length;
      told.facts += entries.reduce((sum, { facts }) => sum + facts.length, 0);
    },
  );
  const began = performance.now();
  while (told.deliveries < RUNS) await fc.assert(history, { numRuns: 3, endOnFailure: true });
  expect(told.faults).toBeGreaterThan(0);
  console.log(`${JSON.stringify(told)} in ${Math.round((performance.now() - began) / 1000)} s`);
}, 1_800_000);
