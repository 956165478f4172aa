import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { around as geokdbush } from "geokdbush";
import KDBush from "kdbush";
import {
  type Accept,
  type Atlas,
  buildAtlas,
  createScratch,
  type Scratch,
  search,
} from "../../core/atlas/index.ts";
import { chord2ToKm, haversineKm, type Position } from "../../core/geo/index.ts";
import { anywhere, around, cities, seeded } from "./atlas/cities.ts";
import { partition } from "./atlas/partition.ts";
import type { Bench, Figure } from "./bench.ts";

const K = 3;
/** Queries timed together: enough to make the clock's own cost vanish, few enough to slip between other processes. */
const BATCH = 250;
const QUERIES = 20_000;

interface Fleet {
  readonly positions: readonly Position[];
  readonly atlas: Atlas;
  readonly index: KDBush;
  readonly accept: Accept;
  readonly keep: (node: number) => boolean;
  readonly buildMs: number;
}

/** The same nodes and the same predicate, which keeps 90 % of them, for both searches. */
function fleetOf(positions: readonly Position[], random: () => number): Fleet {
  const parts = partition(positions);
  const patches = parts.map((part) => part.patch);
  let atlas = buildAtlas(patches);
  const builds = [1, 2, 3].map(() => {
    const begin = performance.now();
    atlas = buildAtlas(patches);
    return performance.now() - begin;
  });

  const index = new KDBush(positions.length);
  for (const { lat, lng } of positions) index.add(lng, lat);
  index.finish();

  const kept = Uint8Array.from(positions, () => (random() < 0.9 ? 1 : 0));
  const starts = Int32Array.from(parts, () => 0);
  for (let i = 1; i < parts.length; i++) starts[i] = starts[i - 1]! + parts[i - 1]!.members.length;
  const keptByPatch = Uint8Array.from(
    parts.flatMap((part) => part.members),
    (node) => kept[node]!,
  );
  return {
    positions,
    atlas,
    index,
    accept: (patch, point) => keptByPatch[starts[patch]! + point] === 1,
    keep: (node) => kept[node] === 1,
    buildMs: median(builds),
  };
}

/** µs per query, batch by batch in turns, so that whatever else the machine does falls on both. */
function race(
  fleet: Fleet,
  queries: readonly Position[],
  rounds: number,
): { arx: number; geokdbush: number } {
  const scratch = createScratch(K);
  const arx: number[] = [];
  const other: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = (round * BATCH) % queries.length;
    const begin = performance.now();
    searchAll(fleet, scratch, queries, from, from + BATCH);
    const between = performance.now();
    for (let i = from; i < from + BATCH; i++) {
      const { lat, lng } = queries[i]!;
      geokdbush(fleet.index, lng, lat, K, Number.POSITIVE_INFINITY, fleet.keep);
    }
    other.push(performance.now() - between);
    arx.push(between - begin);
  }
  return { arx: (median(arx) * 1000) / BATCH, geokdbush: (median(other) * 1000) / BATCH };
}

function searchAll(
  fleet: Fleet,
  scratch: Scratch,
  queries: readonly Position[],
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) search(fleet.atlas, scratch, queries[i]!, K, fleet.accept);
}

/** How many of the queries both searches answer with the same distances. */
function agreement(fleet: Fleet, queries: readonly Position[]): number {
  const scratch = createScratch(K);
  const same = queries.filter((query) => {
    search(fleet.atlas, scratch, query, K, fleet.accept);
    const ids: number[] = geokdbush(
      fleet.index,
      query.lng,
      query.lat,
      K,
      Number.POSITIVE_INFINITY,
      fleet.keep,
    );
    return ids.every(
      (id, rank) =>
        Math.abs(haversineKm(query, fleet.positions[id]!) - chord2ToKm(scratch.chord2[rank]!)) < 1e-6,
    );
  });
  return (100 * same.length) / queries.length;
}

/**
 * Bytes the heap grows by per query, over 100 000 of them: the median of runs so short that the young generation is never
 * collected within one, which would hide what was allocated; compiling a function in the midst of one run is no query's.
 */
function bytesPerQuery(fleet: Fleet, queries: readonly Position[]): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const scratch = createScratch(K);
  const runs: number[] = [];
  for (let run = 0; run < 25; run++) {
    const from = (run * 4000) % queries.length;
    collect();
    const before = process.memoryUsage().heapUsed;
    searchAll(fleet, scratch, queries, from, from + 4000);
    runs.push((process.memoryUsage().heapUsed - before) / 4000);
  }
  return median(runs);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function figuresOf(
  where: string,
  fleet: Fleet,
  clients: Record<string, readonly Position[]>,
  rounds: number,
): Figure[] {
  const figures: Figure[] = [];
  for (const [who, queries] of Object.entries(clients)) {
    const name = `${where}, clients ${who}`;
    race(fleet, queries, rounds >> 2);
    const { arx, geokdbush } = race(fleet, queries, rounds);
    const bytes = bytesPerQuery(fleet, queries);
    const agreed = agreement(fleet, queries.slice(0, 1000));
    figures.push(
      {
        name: `${name}: against geokdbush`,
        value: arx / geokdbush,
        unit: "ratio",
        bar: { op: "<=", value: 0.25 },
      },
      { name: `${name}: median`, value: arx, unit: "µs" },
      { name: `${name}: geokdbush's median`, value: geokdbush, unit: "µs" },
      {
        name: `${name}: allocated per query`,
        value: Math.round(bytes),
        unit: "bytes",
        bar: { op: "==", value: 0 },
      },
      { name: `${name}: same distances`, value: agreed, unit: "%", bar: { op: "==", value: 100 } },
    );
  }
  return [...figures, { name: `${where}: atlas built in`, value: fleet.buildMs, unit: "ms" }];
}

export const bench: Bench = {
  name: "knn",
  what: "2: filtered k = 3 search in process against geokdbush, in patches of at most 64 nodes",
  run: async ({ full, log }) => {
    const random = seeded(2);
    const real = cities();
    const clients = {
      "near cities": around(
        real.toSorted(() => random() - 0.5),
        QUERIES,
        random,
      ),
      anywhere: Array.from({ length: QUERIES }, () => anywhere(random)),
    };
    const figures: Figure[] = [];
    for (const count of full ? [10_000, 1_000_000] : [10_000]) {
      for (const [how, positions] of [
        ["at cities", around(real, count, random)],
        ["uniform", Array.from({ length: count }, () => anywhere(random))],
      ] as const) {
        const where = `${count} nodes ${how}`;
        log(where);
        figures.push(...figuresOf(where, fleetOf(positions, random), clients, full ? 160 : 80));
      }
    }
    return figures;
  },
};
