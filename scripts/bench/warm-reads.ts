import { Cells, type SweepUnit } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import { haversineKm, type Position } from "../../core/geo/index.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import { seeded } from "./atlas/cities.ts";
import type { Bench, Figure } from "./bench.ts";
import { cellsOf, itemsOf } from "./routing/cells.ts";
import { fleetOf, seen } from "./routing/fleet.ts";
import { type Cities, citiesOf, jittered, positionOf } from "./routing/places.ts";
import { openBenchWorld, writeCells } from "./routing/world.ts";
import { meter } from "./sweep/meter.ts";

const ROUTES_PER_SECOND = 100;
const INTERVAL_MS = 30_000;
/** Before the first, one more warms the memory up. */
const INTERVALS = 2;
/** Not a moment in the past, or the store would let what was observed expire. */
const START = Date.now();
const PARIS = { lat: 48.8534, lng: 2.3488 };

export const bench: Bench = {
  name: "warm-reads",
  what: "4: reads per route of one warm function, 100 routes/s for a minute of virtual time, the fleet swept every 30 s",
  async run({ full, log }) {
    const database = await startDynamoDbLocal();
    try {
      const everywhere = citiesOf();
      const metro = citiesOf((city) => haversineKm(positionOf(city), PARIS) < 150);
      const figures: Figure[] = [];
      for (const size of full ? [100, 1_000, 10_000] : [100, 1_000]) {
        log(`${size} nodes`);
        const random = seeded(size);
        const items = [...itemsOf(cellsOf(fleetOf("city-like", size, everywhere, random)), START, random)];
        for (const [clients, cities] of [
          ["one metropolitan region", metro],
          ["the whole world", everywhere],
        ] as const) {
          const table = `${size}-${cities === metro ? "metro" : "world"}`;
          const units = await readsPerRoute(database.endpoint, table, items, cities, random);
          figures.push({
            name: `${size} city-like nodes, clients from ${clients}`,
            value: units,
            unit: "RRU/route",
            bar: { op: "<=", value: 0.05 },
          });
        }
      }
      return figures;
    } finally {
      await database.stop();
    }
  },
};

/** Routes for some intervals while a sweep goes over the fleet, evenly spread over each. The sweep's own reads are not counted. */
async function readsPerRoute(
  endpoint: string,
  prefix: string,
  items: Parameters<typeof writeCells>[1],
  cities: Cities,
  random: () => number,
): Promise<number> {
  const clock = { now: START };
  const given = { now: () => clock.now, random };
  const router = await openBenchWorld(endpoint, prefix, given);
  const sweeper = await openBenchWorld(endpoint, prefix, given);
  try {
    await writeCells(sweeper, items);
    const units: SweepUnit[] = [];
    for await (const unit of Cells.units(sweeper)) units.push(unit);
    const { take } = meter(router.store);
    const routes = (INTERVAL_MS / 1000) * ROUTES_PER_SECOND;
    for (let interval = 0; interval <= INTERVALS; interval++) {
      let swept = 0;
      if (interval === 1) take();
      for (let i = 0; i < routes; i++) {
        clock.now += 1000 / ROUTES_PER_SECOND;
        for (; swept < (units.length * (i + 1)) / routes; swept++)
          await sweep(sweeper, units[swept]!, random);
        await route(router, jittered(positionOf(cities.draw(random)), 20, random));
      }
    }
    return take().readUnits / (INTERVALS * routes);
  } finally {
    router.close();
    sweeper.close();
  }
}

async function route(world: World, at: Position): Promise<void> {
  const k = world.config.K_NEAREST;
  const { found } = await Cells.nearest(world, {
    at,
    k,
    qualifies: ({ observation }) => observation?.health === "healthy",
  });
  if (found.length < k) throw new Error(`${found.length} nodes were found instead of ${k}.`);
}

/** What a sweep writes of a unit: each cell's observation, new figures for every node, then their versions in the directory. */
async function sweep(world: World, { directory, cells }: SweepUnit, random: () => number): Promise<void> {
  const at = world.now();
  const versions = new Map<string, number>();
  await Promise.all(
    (await Cells.read(world, cells)).map(async ({ cell, members, observed }) => {
      const nodes = new Map(members.map((member) => [member.id, seen(member, random)]));
      const wave = Math.floor(at / 1000);
      const version = await Cells.writeObservation(world, cell, observed, { wave, at, nodes });
      if (version !== null) versions.set(cell, version);
    }),
  );
  await Cells.publish(world, directory, versions);
}
