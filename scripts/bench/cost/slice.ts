import { makeFoldRollups } from "../../../functions/jobs/fold-rollups.ts";
import type { FunctionName } from "../../../stacks/functions.ts";
import { openStreamsClient } from "../../local/streams.ts";
import { seeded } from "../atlas/cities.ts";
import { type Billing, openAccounts, type Usage, usageOf } from "./accounts.ts";
import { type Audience, type Heard, openAudience } from "./audience.ts";
import { type Ground, openFleet } from "./fleet.ts";
import { beginLife } from "./life.ts";

const HOUR_MS = 3_600_000;

export interface SliceOptions {
  readonly nodes: number;
  readonly routesPerSecond: number;
  /** Measured; whole minutes, so that what comes once a minute is in them as often as it is in a month. */
  readonly seconds: number;
  /** Before that: enough for a dashboard's first messages, which come faster. */
  readonly warmUpSeconds: number;
  /** How many dashboards each audience has. */
  readonly dashboards: readonly number[];
  readonly billing: Billing;
  readonly log: (line: string) => void;
}

/** What some minutes of a fleet's life used: all counted, from real runs of the real functions over real streams. */
export interface Slice {
  readonly nodes: number;
  readonly routesPerSecond: number;
  readonly seconds: number;
  readonly routes: number;
  readonly orders: number;
  /** Of the functions that work whether somebody listens or not. */
  readonly usage: ReadonlyMap<FunctionName, Usage>;
  /** Entries of the log, and those of them that tell of routes. */
  readonly entries: { readonly all: number; readonly routes: number };
  /** Of folding the hour that has these routes; of a fold that finds nothing to do. */
  readonly fold: { readonly hour: Usage; readonly idle: Usage };
  readonly audiences: readonly (Heard & {
    /** What each of its dashboards uses, all together, to connect, to ping and to go. */
    readonly acts: Readonly<Record<"connect" | "ping" | "disconnect", Heard>>;
  })[];
}

/** Lives some minutes of a fleet, second by second on a clock of its own. */
export async function liveSlice(ground: Ground, prefix: string, options: SliceOptions): Promise<Slice> {
  const { nodes, seconds, warmUpSeconds, billing, log } = options;
  const random = seeded(nodes);
  // In one hour, and when the one before is folded; never in the past, or DynamoDB Local would let what is written expire.
  const hour = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
  const start = hour + 15 * 60_000;
  const clock = { now: start - 60_000 };
  const world = await openFleet(ground, prefix, nodes, { now: () => clock.now, random });
  const accounts = openAccounts(world, billing);
  const audiences: Audience[] = [];
  const streams = openStreamsClient(ground.endpoint);
  try {
    const life = await beginLife(world, accounts, streams, clock, options);
    await life.second(start - 30_000);
    await makeFoldRollups(() => world)();
    for (const dashboards of options.dashboards) {
      audiences.push(await openAudience(world, dashboards, billing));
    }
    const connects = audiences.map((audience) => audience.take());
    let counted = { routes: 0, orders: 0, all: 0, ofRoutes: 0 };
    for (let s = 0; s < warmUpSeconds + seconds; s++) {
      if (s === warmUpSeconds) {
        accounts.take();
        for (const audience of audiences) audience.take();
        counted = { routes: 0, orders: 0, all: 0, ofRoutes: 0 };
      }
      if (s % 30 === 0)
        log(`${nodes} nodes, ${options.routesPerSecond} routes/s: second ${s - warmUpSeconds}`);
      const { routes, orders, entries, ofRoutes } = await life.second(start + s * 1000);
      counted.routes += routes;
      counted.orders += orders;
      counted.all += entries.length;
      counted.ofRoutes += ofRoutes;
      for (const audience of audiences) await audience.second(entries);
    }
    const usage = accounts.take();
    const heard = audiences.map((audience) => audience.take());
    const pings = await actsOf(audiences, (audience) => audience.ping());
    const ends = await actsOf(audiences, (audience) => audience.disconnect());
    await life.flush();
    accounts.take();
    clock.now = start + HOUR_MS;
    const folder = makeFoldRollups(() => accounts.worldOf("fold-rollups"));
    const foldOnce = async () => {
      await accounts.call("fold-rollups", folder);
      return usageOf(accounts.take(), "fold-rollups");
    };
    const fold = { hour: await foldOnce(), idle: await foldOnce() };
    return {
      nodes,
      routesPerSecond: options.routesPerSecond,
      seconds,
      routes: counted.routes,
      orders: counted.orders,
      usage,
      entries: { all: counted.all, routes: counted.ofRoutes },
      fold,
      audiences: heard.map((one, i) => ({
        ...one,
        acts: { connect: connects[i]!, ping: pings[i]!, disconnect: ends[i]! },
      })),
    };
  } finally {
    streams.destroy();
    for (const audience of audiences) audience.close();
    accounts.close();
    world.close();
  }
}

async function actsOf(
  audiences: readonly Audience[],
  act: (one: Audience) => Promise<void>,
): Promise<Heard[]> {
  const heard: Heard[] = [];
  for (const audience of audiences) {
    await act(audience);
    heard.push(audience.take());
  }
  return heard;
}
