import { readConfig } from "../../core/config.ts";
import type { World } from "../../core/ctx.ts";
import { newId } from "../../core/id.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { itemOfRequest } from "../../core/requests/stored.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { ROLLUPS } from "../../core/rollups/table.ts";
import { openStore } from "../../core/store/index.ts";
import { FUNCTIONS } from "../../stacks/functions.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import { passingSealer } from "../local/passing-sealer.ts";
import { createTable } from "../local/tables.ts";
import type { Bench, BenchOptions, Figure } from "./bench.ts";
import { meter } from "./sweep/meter.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const { batchSize, gatherS } = FUNCTIONS["request-rollups"].reading;

interface Load {
  readonly perSecond: number;
  readonly shards: number;
  readonly minutes: number;
}

async function run({ full, log }: BenchOptions): Promise<Figure[]> {
  const database = await startDynamoDbLocal();
  try {
    const loads: Load[] = [
      { perSecond: 1, shards: 1, minutes: 10 },
      { perSecond: 10, shards: 2, minutes: 4 },
      { perSecond: 100, shards: 4, minutes: 2 },
      ...(full ? [{ perSecond: 1000, shards: 8, minutes: 1 }] : []),
    ];
    const figures: Figure[] = [];
    for (const [n, load] of loads.entries()) {
      log(`${load.perSecond} requests/s for ${load.minutes} minutes`);
      figures.push(...(await measure(database.endpoint, `bench${n}`, load)));
    }
    return figures;
  } finally {
    await database.stop();
  }
}

async function measure(endpoint: string, prefix: string, load: Load): Promise<Figure[]> {
  // Ahead of this machine's clock: the database takes away what has expired.
  const start = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 10 * HOUR_MS;
  let now = start;
  const world = await openWorld(endpoint, prefix, () => now);
  const { take } = meter(world.store);
  const requests = load.perSecond * 60 * load.minutes;
  const lanes = Array.from({ length: load.shards }, (): Rollups.StreamRecord[] => []);
  const gathered = new Map<number, number>();
  for (let n = 0; n < requests; n++) {
    now = start + Math.floor((n * 1000) / load.perSecond);
    const lane = Math.floor(Math.random() * load.shards);
    lanes[lane]!.push({ sequence: BigInt(n + 1), inserted: anyItem(world, load) });
    if (!gathered.has(lane)) gathered.set(lane, now);
    if (lanes[lane]!.length >= batchSize || now - gathered.get(lane)! >= gatherS * 1000) await hand(lane);
  }
  for (const lane of lanes.keys()) await hand(lane);
  const counted = take();
  now = start + HOUR_MS + 15 * MINUTE_MS;
  await Rollups.fold(world);
  const folded = take().writeUnits;
  await Rollups.read(world, { since: start, until: start + HOUR_MS }, ["clients"]);
  const dashboard = take().readUnits;
  world.store.close();
  world.outbound.close();
  const of = `${load.perSecond}/s`;
  return [
    {
      name: `${of}: written per 100 requests counted`,
      value: (counted.writeUnits * 100) / requests,
      unit: "WRU",
    },
    {
      name: `${of}: read per 100 requests counted`,
      value: (counted.readUnits * 100) / requests,
      unit: "RRU",
    },
    { name: `${of}: written by the first fold (40 hours)`, value: folded, unit: "WRU" },
    { name: `${of}: read for an hour by client`, value: dashboard, unit: "RRU" },
  ];

  async function hand(lane: number): Promise<void> {
    await Rollups.count(world, `shard-${lane}`, lanes[lane]!.splice(0));
    gathered.delete(lane);
  }
}

/** A request of one of twenty clients for each in a second, at one of 40 places, to one of 24 nodes. */
function anyItem(world: World, { perSecond }: Load) {
  const pick = (of: number) => Math.floor(Math.random() * of);
  const place = pick(40);
  return itemOfRequest(
    {
      id: newId(world),
      request_id: "r",
      lat: 35 + place / 2,
      lng: place,
      selected_node_id: `node-${pick(24)}`,
      distance: Math.random() * 60,
      load_score: 0.2,
      status: "routed",
      response_time_ms: Math.exp(Math.random() * 5),
      request_data: null,
      response_data: null,
      metadata: {},
      client_info: { client_id: `client-${pick(20 * perSecond)}` },
      processing_metrics: {},
      created_at: world.now(),
    },
    4_000_000_000,
  );
}

async function openWorld(endpoint: string, prefix: string, now: () => number): Promise<World> {
  const config = readConfig({ DYNAMODB_ENDPOINT: endpoint, ARX_TABLE_PREFIX: prefix });
  const store = openStore(config);
  await createTable(store.doc, ROLLUPS, store.table(ROLLUPS));
  return {
    config,
    store,
    outbound: createOutbound({ allowLoopback: false }),
    sealer: passingSealer(),
    log: { info() {}, warn: console.warn, error: console.error },
    now,
    random: Math.random,
    memory: new Map(),
  };
}

export const bench: Bench = {
  name: "rollups",
  what: "what counting requests costs, by the load",
  run,
};
