import type { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import type { World } from "../ctx.ts";
import { haversineKm, type Position } from "../geo/index.ts";
import { roundDegrees } from "../nodes/schema.ts";
import type { Item } from "../store/index.ts";
import { type Draft, newDraft, remove, splitFull, upsert } from "./edit.ts";
import { hashOf, keyOf } from "./key.ts";
import type { Member } from "./member.ts";
import { nearest } from "./nearest.ts";
import { encodeObservations } from "./observation.ts";
import { directoryItem, observationItem, rosterItem } from "./stored.ts";

const TTL_MS = 2000;
/** Milliseconds by which a read that is not consistent may lag behind, each item by its own. */
const LAG_MS = 400;

/** Cells in memory, whose reads may lag. Writing them is the shipped code, one change after the other. */
class LaggingCells {
  now = 1_000_000;
  readonly members = new Map<string, Member>();
  readonly healthy = new Set<string>();
  reads = 0;
  readonly #versions = new Map<string, { at: number; item: Item | undefined }[]>();
  readonly #revisions = new Map<string, number>();
  #draft: Draft = newDraft(1);
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
    this.#draft.directories.set("g", { prefix: "g", revision: 0, entries: [] });
  }

  edit(change: (draft: Draft) => void): void {
    const { directories, rosters, observations } = this.#draft;
    const firstVersion = 1 + Math.floor(this.#random() * 2 ** 31);
    this.#draft = { ...newDraft(firstVersion), directories, rosters, observations };
    change(this.#draft);
    splitFull(this.#draft);
    this.#commit();
  }

  put(one: Member): void {
    const before = this.members.get(one.id);
    this.members.set(one.id, one);
    this.edit((draft) => {
      if (before && keyOf(before) !== keyOf(one)) remove(draft, keyOf(before), one.id);
      upsert(draft, one);
    });
  }

  drop(...ids: readonly string[]): void {
    this.edit((draft) => {
      for (const id of ids) {
        const before = this.members.get(id);
        if (before) remove(draft, keyOf(before), id);
        this.members.delete(id);
      }
    });
  }

  /** Sweeps cells: those in the same share of all as `part` says see these nodes healthy, and all others unhealthy. */
  sweep(part: number, isHealthy: (id: string) => boolean): void {
    const { directories, rosters, observations } = this.#draft;
    const swept = [...rosters].filter(([cell, roster]) => roster && hashOf(cell)[0]! % 4 <= part);
    const versions = new Map<string, number>();
    for (const [cell, roster] of swept) {
      const version = (observations.get(cell)?.version ?? 0) + 1;
      const nodes = new Map(
        roster!.members.map((one) => [one.id, observed(isHealthy(one.id) ? "healthy" : "unhealthy")]),
      );
      for (const { id } of roster!.members) isHealthy(id) ? this.healthy.add(id) : this.healthy.delete(id);
      const observation = { version, wave: version, at: this.now, packed: encodeObservations(nodes) };
      observations.set(cell, observation);
      this.#write(`c#${cell}`, "observed", observationItem(cell, observation));
      versions.set(cell, version & 0xffff);
    }
    this.edit((draft) => {
      for (const [prefix, directory] of directories) {
        const entries = directory.entries.map((entry) => ({
          ...entry,
          observedVersion: versions.get(entry.prefix) ?? entry.observedVersion,
        }));
        directories.set(prefix, { ...directory, entries });
        draft.changedDirectories.add(prefix);
      }
    });
  }

  world(): World {
    const send = async ({ input }: BatchGetCommand) => {
      this.reads++;
      const [[table, asked]] = Object.entries(input.RequestItems!) as unknown as [[string, Asked]];
      const found = asked.Keys.flatMap(({ cell, part }) => this.#read(cell, part, asked.ConsistentRead) ?? []);
      return { Responses: { [table]: found } };
    };
    return {
      config: readConfig({ ROUTE_CACHE_TTL_MS: String(TTL_MS) }),
      store: { doc: { send }, table: () => "cells" } as unknown as World["store"],
      outbound: { request: () => Promise.reject(new Error("Nothing is dialled.")), close: () => {} },
      log: { info() {}, warn: (message) => expect.fail(message), error: (message) => expect.fail(message) },
      now: () => this.now,
      random: this.#random,
      memory: new Map(),
    };
  }

  #commit(): void {
    const { directories, rosters, observations, changedDirectories, changedRosters, carried } = this.#draft;
    for (const prefix of changedDirectories) {
      const directory = directories.get(prefix)!;
      const isGone = prefix.length > 1 && directory.entries.length === 0;
      const revision = (this.#revisions.get(prefix) ?? this.now - 1) + 1;
      this.#write(`d#${prefix}`, "directory", isGone ? undefined : directoryItem(directory, revision, undefined));
      if (isGone) this.#revisions.delete(prefix);
      else this.#revisions.set(prefix, revision);
      if (isGone) directories.delete(prefix);
    }
    for (const cell of changedRosters) {
      const roster = rosters.get(cell);
      this.#write(`c#${cell}`, "roster", roster ? rosterItem(roster) : undefined);
      const observation = observations.get(cell);
      if (!roster) this.#write(`c#${cell}`, "observed", undefined);
      else if (observation && carried.has(cell)) {
        this.#write(`c#${cell}`, "observed", observationItem(cell, observation));
      }
      if (!roster) rosters.delete(cell);
      if (!roster) observations.delete(cell);
    }
  }

  #write(cell: string, part: string, item: Item | undefined): void {
    const key = `${cell}|${part}`;
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), { at: this.now, item }]);
  }

  #read(cell: string, part: string, consistent: boolean): Item | undefined {
    const asOf = consistent ? this.now : this.now - Math.floor(this.#random() * LAG_MS);
    return this.#versions.get(`${cell}|${part}`)?.findLast(({ at }) => at <= asOf)?.item;
  }
}

interface Asked {
  readonly Keys: readonly { readonly cell: string; readonly part: string }[];
  readonly ConsistentRead: boolean;
}

function observed(health: "healthy" | "unhealthy") {
  const load = { cpu_usage: 1, memory_usage: 1, active_connections: 0, active_agents: 0 };
  return { ...load, epoch: 1, health, failures: 0, successes: 0 };
}

/** A member with a name so long and random that half a dozen fill a cell. */
function member(id: string, at: Position, random: () => number): Member {
  const name = Array.from({ length: 1400 }, () => String.fromCharCode(40 + Math.floor(random() * 64))).join("");
  const nothing = { endpoint: undefined, probe_url: undefined, role: undefined, region: undefined };
  return {
    ...nothing,
    id,
    name,
    lat: roundDegrees(at.lat),
    lng: roundDegrees(at.lng),
    provider: undefined,
    labels: [],
    services: [],
    service_radius_km: undefined,
    capacity: 1,
    draining: false,
    drain_deadline: undefined,
    epoch: 1,
  };
}

const edge = fc.record({
  lat: fc.constantFrom(-90, -89.9, 0, 89.9, 90),
  lng: fc.constantFrom(-180, -179.9, 0, 179.9, 180),
});
const anywhere = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const metropolis = fc.record({
  lat: fc.double({ min: 40, max: 40.6, noNaN: true }),
  lng: fc.double({ min: -74, max: -73.4, noNaN: true }),
});
const position = fc.oneof(edge, anywhere, metropolis);
const id = fc.nat({ max: 99 }).map((n) => `n${n}`);
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), id, at: position }),
  fc.record({ do: fc.constant("drop" as const), id }),
  fc.record({ do: fc.constant("clear" as const), at: position }),
  fc.record({ do: fc.constant("sweep" as const), part: fc.nat({ max: 3 }), sick: fc.nat({ max: 9 }) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: 3000 }) }),
  fc.record({ do: fc.constant("ask" as const), at: position, wait: fc.boolean() }),
);
const question = fc.record({
  k: fc.constantFrom(1, 3, 10),
  keep: fc.constantFrom(1, 2, 5),
  maxKm: fc.option(fc.constantFrom(10, 1000), { nil: undefined }),
});

/** Asks the router, and once nothing changed for long enough holds its answer against all nodes. */
async function ask(
  cells: LaggingCells,
  world: World,
  at: Position,
  { k, keep, maxKm }: { k: number; keep: number; maxKm: number | undefined },
  isSettled: boolean,
): Promise<void> {
  const isKept = (one: string) => Number(one.slice(1)) % keep === 0;
  const { found } = await nearest(world, {
    at,
    k,
    qualifies: ({ member: one, observation }) => observation?.health === "healthy" && isKept(one.id),
    ...(maxKm === undefined ? {} : { maxKm }),
  });
  expect(found.length).toBeLessThanOrEqual(k);
  if (!isSettled) return;
  const truth = [...cells.members.values()]
    .filter((one) => isKept(one.id) && cells.healthy.has(one.id))
    .map((one) => haversineKm(at, { lat: one.lat!, lng: one.lng! }))
    .filter((km) => km <= (maxKm ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b)
    .slice(0, k);
  expect(found.map(({ km }) => km.toFixed(3))).toEqual(truth.map((km) => km.toFixed(3)));
  for (const { node } of found) expect(cells.members.get(node.member.id)).toEqual(node.member);
}

const small = fc.array(fc.tuple(step, question), { minLength: 30, maxLength: 120 });

async function live(cells: LaggingCells, steps: readonly (readonly [Step, Question])[], random: () => number) {
  const world = cells.world();
  for (const [one, asked] of steps) {
    if (one.do === "put") cells.put(member(one.id, one.at, random));
    else if (one.do === "drop") cells.drop(one.id);
    else if (one.do === "wait") cells.now += one.ms;
    else if (one.do === "sweep") cells.sweep(one.part, (of) => Number(of.slice(1)) % 10 !== one.sick);
    else if (one.do === "clear") {
      // All of a region goes, so that cells and directories do too.
      const isThere = ({ lat, lng }: Member) =>
        Math.abs(lat! - one.at.lat) < 1 && Math.abs(lng! - one.at.lng) < 1;
      cells.drop(...[...cells.members.values()].filter(isThere).map((there) => there.id));
    } else {
      if (one.wait) cells.now += TTL_MS + LAG_MS + 1;
      await ask(cells, world, one.at, asked, one.wait);
    }
    cells.now++;
  }
  cells.now += TTL_MS + LAG_MS + 1;
  await ask(cells, world, { lat: 40.3, lng: -73.7 }, { k: 10, keep: 1, maxKm: undefined }, true);
}
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

const runs = Number(process.env.ARX_RUNS ?? 15);

test("a warm router, its reads lagging, is never further behind the truth than its directories may be", async () => {
  await fc.assert(
    fc.asyncProperty(small, fc.integer(), async (steps, seed) => {
      const random = seeded(seed);
      await live(new LaggingCells(random), steps, random);
    }),
    { numRuns: runs },
  );
  console.log(`nearest: ${runs} histories of up to 120 steps`);
}, 120_000);

test("the same in a fleet whose directories have finer ones, and those still finer ones", async () => {
  await fc.assert(
    fc.asyncProperty(small, fc.integer(), async (steps, seed) => {
      const random = seeded(seed);
      const cells = new LaggingCells(random);
      const crowd = Array.from({ length: 1700 }, (_, i) =>
        member(`n${100 + i}`, { lat: 40 + 0.6 * random(), lng: -74 + 0.6 * random() }, random),
      );
      for (const one of crowd) cells.members.set(one.id, one);
      cells.edit((draft) => {
        draft.rosters.set("g", { cell: "g", version: 1, members: crowd });
        draft.changedRosters.add("g");
      });
      cells.sweep(3, () => true);
      await live(cells, steps, random);
    }),
    { numRuns: Math.ceil(runs / 5) },
  );
}, 120_000);

/** Numbers in [0, 1) that repeat (mulberry32, T. Ettinger 2017). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
