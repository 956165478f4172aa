import { Cells } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import type { Position } from "../../core/geo/index.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import { seeded } from "./atlas/cities.ts";
import type { Bench, BenchOptions, Figure } from "./bench.ts";
import { cellsOf, itemsOf } from "./routing/cells.ts";
import { fleetOf, type Spread } from "./routing/fleet.ts";
import { type Cities, citiesOf, farFrom, jittered, positionOf } from "./routing/places.ts";
import { openBenchWorld, writeCells } from "./routing/world.ts";
import { meter } from "./sweep/meter.ts";

const SPREADS: readonly Spread[] = ["uniform", "city-like"];
const CLIENTS = ["city", "ocean"] as const;
type Client = (typeof CLIENTS)[number];

/** Reads of one route each, in the order they were made. */
interface Reads {
  readonly calls: number[];
  readonly roundTrips: number[];
  readonly units: number[];
}

/** Sizes of fleets: small ones guard a change, the millionth node takes minutes to place. */
function sizesFor({ full }: BenchOptions): number[] {
  const sizes = [100, 1_000, 10_000, ...(full ? [100_000] : [])];
  return full && process.env.ARX_BENCH_MILLION === "1" ? [...sizes, 1_000_000] : sizes;
}

export const bench: Bench = {
  name: "cold-reads",
  what: "3: reads of one route with an empty memory, by fleet and client, counted by DynamoDB Local",
  async run(options) {
    const routes = Number(process.env.ARX_BENCH_ROUTES ?? (options.full ? 300 : 60));
    const database = await startDynamoDbLocal();
    try {
      const cities = citiesOf();
      const figures: Figure[] = [];
      for (const spread of SPREADS) {
        const means = new Map<string, number>();
        for (const size of sizesFor(options)) {
          options.log(`${spread}, ${size} nodes`);
          const random = seeded(size);
          const world = await openBenchWorld(database.endpoint, `${spread}-${size}`, { now, random });
          try {
            await writeCells(world, itemsOf(cellsOf(fleetOf(spread, size, cities, random)), now(), random));
            const meters = { units: meter(world.store), trips: tripsOf(world) };
            for (const client of CLIENTS) {
              const place = () => clientOf(client, cities, random);
              const reads = await coldRoutes(world, meters, routes, place);
              figures.push(...figuresOf(`${spread} ${size}, ${client}`, reads));
              means.set(`${size} ${client}`, mean(reads.units));
            }
          } finally {
            world.close();
          }
        }
        figures.push(...growth(spread, means));
      }
      return figures;
    } finally {
      await database.stop();
    }
  },
};

/** The bench's one moment: every copy is as old as its reading. Not one in the past, or the store would let what was observed expire. */
const moment = Date.now();
const now = () => moment;

function clientOf(client: Client, cities: Cities, random: () => number): Position {
  return client === "ocean" ? farFrom(cities, random) : jittered(positionOf(cities.draw(random)), 20, random);
}

/** The candidates of one route after the other, each in a process that remembers nothing. */
async function coldRoutes(
  world: World,
  { units, trips }: { units: ReturnType<typeof meter>; trips: ReturnType<typeof tripsOf> },
  routes: number,
  place: () => Position,
): Promise<Reads> {
  const reads: Reads = { calls: [], roundTrips: [], units: [] };
  const k = world.config.K_NEAREST;
  for (let i = 0; i < routes; i++) {
    const cold = { ...world, memory: new Map() };
    units.take();
    trips.take();
    const { found } = await Cells.nearest(cold, {
      at: place(),
      k,
      qualifies: ({ observation }) => observation?.health === "healthy",
    });
    if (found.length < k) throw new Error(`${found.length} nodes were found instead of ${k}.`);
    const { calls, readUnits } = units.take();
    const { roundTrips, absent } = trips.take();
    reads.calls.push(calls);
    reads.units.push(readUnits + ABSENT_UNITS * absent);
    reads.roundTrips.push(roundTrips);
  }
  return reads;
}

/** DynamoDB takes half a unit for an item that is not there either; DynamoDB Local takes nothing. */
const ABSENT_UNITS = 0.5;

/** Counts round trips (calls that are under way at once make one) and the items that were asked for and are not there. */
function tripsOf({ store }: World): { take(): { roundTrips: number; absent: number } } {
  let roundTrips = 0;
  let absent = 0;
  let under = 0;
  store.doc.middlewareStack.add(
    (next) => async (args) => {
      if (under++ === 0) roundTrips++;
      try {
        const answer = await next(args);
        absent += itemsIn(args.input) - itemsIn(answer.output);
        return answer;
      } finally {
        under--;
      }
    },
    { step: "initialize", name: "trips" },
  );
  return {
    take() {
      const taken = { roundTrips, absent };
      roundTrips = absent = 0;
      return taken;
    },
  };
}

/** How many items a batch of reads asks for, or its answer holds. */
function itemsIn(batch: object): number {
  const { RequestItems, Responses } = batch as {
    RequestItems?: Record<string, { Keys: unknown[] }>;
    Responses?: Record<string, unknown[]>;
  };
  const tables = [
    ...Object.values(Responses ?? {}),
    ...Object.values(RequestItems ?? {}).map((one) => one.Keys),
  ];
  return tables.reduce((sum, items) => sum + items.length, 0);
}

function figuresOf(name: string, { calls, roundTrips, units }: Reads): Figure[] {
  const most = (unit: string, at: number, of: number[], value: number): Figure => ({
    name: `${name}: ${at === 0.5 ? "median" : "p99"}`,
    value: quantile(of, at),
    unit,
    bar: { op: "<=", value },
  });
  return [
    most("calls", 0.5, calls, 3),
    most("calls", 0.99, calls, 8),
    most("round trips", 0.5, roundTrips, 2),
    most("RRU", 0.5, units, 4),
    { name: `${name}: mean`, value: mean(units), unit: "RRU" },
    { name: `${name}: p99`, value: quantile(units, 0.99), unit: "RRU" },
  ];
}

/** What a route reads in large fleets, against one of 1 000: by the mean, for the median moves in steps of half a unit. */
function growth(spread: Spread, means: ReadonlyMap<string, number>): Figure[] {
  return [...means].flatMap(([key, units]): Figure[] => {
    const [size, client] = key.split(" ");
    if (Number(size) <= 1_000) return [];
    const value = units / means.get(`1000 ${client}`)!;
    const name = `${spread} ${size} against 1000, ${client}: mean RRU`;
    return [{ name, value, unit: "ratio", bar: { op: "<=", value: 1.5 } }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that is at least as large as that share of them (nearest rank). */
function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)]!;
}
