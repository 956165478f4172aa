import { createScratch } from "../../core/atlas/index.ts";
import { antipode, type Position } from "../../core/geo/index.ts";
import { anywhere, around, cities, seeded } from "./atlas/cities.ts";
import { isExact } from "./atlas/exact.ts";
import { memoryOf, nearest } from "./atlas/memory.ts";
import { partition } from "./atlas/partition.ts";
import { type Keep, surveyor, truth } from "./atlas/truth.ts";
import type { Bench, Figure } from "./bench.ts";

const KS = [1, 3, 10];
/** Shares of the nodes that a predicate keeps; 1 is no predicate. */
const SHARES = [1, 0.9, 0.5, 0.1, 0];
/** Positions asked from before the memory forgets and begins anew with other patches resident. */
const SESSION = 20;

interface Fleet {
  readonly name: string;
  readonly positions: readonly Position[];
  /** From how many positions to search in the full run; each is searched from with every k and every share. */
  readonly stands: number;
}

function fleets(real: readonly Position[], random: () => number): Fleet[] {
  const one = { lat: 48.8534, lng: 2.3488 };
  return [
    { name: "0 nodes", positions: [], stands: 100 },
    { name: "1 node", positions: [one], stands: 400 },
    { name: "100 cities", positions: real.slice(0, 100), stands: 1_500 },
    { name: "10 000 cities", positions: real.slice(0, 10_000), stands: 2_700 },
    { name: "100 000 cities", positions: real.slice(0, 100_000), stands: 1_000 },
    {
      name: "1 000 nodes at one spot, 500 cities",
      positions: [...Array.from({ length: 1_000 }, () => one), ...real.slice(0, 500)],
      stands: 500,
    },
    {
      name: "poles and antimeridian",
      positions: Array.from({ length: 3_000 }, () => atTheEdge(random)),
      stands: 1_000,
    },
  ];
}

/** Where longitude jumps or means nothing: a pole, near one, ±180° or near it. */
function atTheEdge(random: () => number): Position {
  const { lat, lng } = anywhere(random);
  const sign = random() < 0.5 ? -1 : 1;
  const offset = random() < 0.3 ? 0 : 2 * random() ** 3;
  return random() < 0.5 ? { lat: sign * (90 - offset), lng } : { lat, lng: sign * (180 - offset) };
}

/** Where clients are: near cities, anywhere, at the edges of the map, exactly at a node, opposite to one. */
function standOf(positions: readonly Position[], real: readonly Position[], random: () => number): Position {
  const node = positions[Math.floor(random() * positions.length)] ?? anywhere(random);
  const kind = Math.floor(random() * 6);
  if (kind < 2) return around([real[Math.floor(random() * real.length)]!], 1, random)[0]!;
  return [anywhere(random), atTheEdge(random), node, antipode(node)][kind - 2]!;
}

interface Tally {
  queries: number;
  exact: number;
  fetched: number;
  /** Answers of the fast brute force held against the plain one, and how many agreed. */
  checked: number;
  confirmed: number;
}

/** Runs every k and share from `stands` positions, each session with a part of the patches absent at first. */
function examine(
  positions: readonly Position[],
  stands: number,
  real: readonly Position[],
  random: () => number,
  tally: Tally,
): void {
  const parts = partition(positions);
  const survey = surveyor(positions);
  const keeps = SHARES.map((share): Keep => {
    const kept = Uint8Array.from(positions, () => (random() < share ? 1 : 0));
    return (node) => kept[node] === 1;
  });
  const scratch = createScratch(Math.max(...KS), Math.max(2, parts.length >> 3));

  for (let done = 0; done < stands; done += SESSION) {
    const share = random() < 0.2 ? 0 : random();
    const memory = memoryOf(parts, () => random() < share);
    const session = Array.from({ length: Math.min(SESSION, stands - done) }, () =>
      standOf(positions, real, random),
    );
    // A predicate that keeps nothing brings everything into memory and looks at all of it: it comes after the others, and
    // in a large fleet once a session is enough.
    const once = positions.length > 10_000 ? 1 : SESSION;
    for (const [predicates, places] of [
      [keeps.slice(0, -1), session],
      [keeps.slice(-1), session.slice(0, once)],
    ] as const) {
      for (const [index, at] of places.entries()) {
        const seen = survey(at);
        for (const keep of predicates) {
          const distances = seen(Math.max(...KS), keep);
          for (const k of KS) {
            const nodes = nearest(memory, scratch, at, k, keep);
            tally.queries++;
            if (isExact(positions, at, keep, nodes, distances.slice(0, k))) tally.exact++;
          }
          if (index > 0) continue;
          tally.checked++;
          const plain = truth(positions, at, Math.max(...KS), keep);
          if (plain.length === distances.length && plain.every((km, i) => km === distances[i]))
            tally.confirmed++;
        }
      }
    }
    tally.fetched += memory.fetched;
  }
}

export const bench: Bench = {
  name: "exactness",
  what: "1: k = 1, 3, 10, with and without predicates, patches absent at random, against brute force by haversine",
  run: async ({ full, log }) => {
    const random = seeded(1);
    const real = cities();
    const total: Tally = { queries: 0, exact: 0, fetched: 0, checked: 0, confirmed: 0 };
    for (const fleet of fleets(real, random)) {
      const before = { ...total };
      examine(fleet.positions, full ? fleet.stands : Math.ceil(fleet.stands / 25), real, random, total);
      const [queries, exact] = [total.queries - before.queries, total.exact - before.exact];
      log(`${fleet.name}: ${exact} of ${queries} exact, ${total.fetched - before.fetched} patches fetched`);
    }
    const figures: Figure[] = [
      {
        name: "exact answers",
        value: (100 * total.exact) / total.queries,
        unit: "%",
        bar: { op: "==", value: 100 },
      },
      { name: "queries", value: total.queries, unit: "queries" },
      {
        name: "brute force confirmed by plain haversine",
        value: (100 * total.confirmed) / total.checked,
        unit: "%",
        bar: { op: "==", value: 100 },
      },
      { name: "patches fetched on demand", value: total.fetched, unit: "patches" },
    ];
    return full
      ? [...figures.slice(0, 1), { ...figures[1]!, bar: { op: ">=", value: 100_000 } }, ...figures.slice(2)]
      : figures;
  },
};
