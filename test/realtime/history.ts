import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../../core/ctx.ts";
import { Unavailable } from "../../core/errors.ts";
import { type Change, type Draft, Events, type Fact } from "../../core/events/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { chance } from "../rollups/requests.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Asked, Client } from "./client.ts";
import { Gateway, NO_FAULTS } from "./gateway.ts";

const TYPES = [
  "node_created",
  "node_health_updated",
  "route_request",
  "deployment_changed",
  "device_moved",
] as const;
const PLACES = ["u0qj7", "u0qjd", "u33db", "9q8yy", "ezs42", undefined];
const ASKED: readonly Asked[] = [
  {},
  { types: ["deployment_changed"] },
  { types: ["node_health_updated", "node_created"] },
  { cells: ["u0", "9q8yyz"] },
  { types: ["route_request", "device_moved"], cells: ["u0qj", "e"] },
  { types: ["route_request"] },
];

export interface Plan {
  readonly seed: number;
  /** Disconnects after which nothing goes wrong any more. */
  readonly disconnects: number;
  /** Whether the clock leaps, by up to two minutes at a time. */
  readonly leaps: boolean;
}

export interface Outcome {
  readonly complaints: readonly string[];
  readonly facts: number;
  readonly received: number;
  readonly repeats: number;
  readonly disconnects: number;
  readonly kills: number;
  readonly largest: number;
  readonly gaps: readonly unknown[];
}

export interface LeapingWorld extends TestWorld {
  leap(ms: number): void;
}

/** A world whose clock can be put forward. */
export async function openLeapingWorld(): Promise<LeapingWorld> {
  let leapt = 0;
  const world = await openTestWorld({ now: () => Date.now() + leapt });
  return Object.assign(world, {
    leap(ms: number) {
      leapt += Math.floor(ms);
    },
  });
}

/**
 * Clients come and go, events are appended, and what broadcasts is killed and begun anew, all at the same time; then all faults end, everybody
 * is connected, and each client is asked what it missed.
 */
export async function live(world: LeapingWorld, plan: Plan): Promise<Outcome> {
  const { seed, leaps } = plan;
  const random = chance(seed);
  const gateway = new Gateway(random);
  gateway.faults = {
    failedBefore: 0.05,
    failedAfter: 0.05,
    failedThenDelivered: 0.04,
    slow: 0.06,
    whileMs: 1800,
  };
  const clients = [...ASKED, ...ASKED, ...ASKED].map((asked) => new Client(gateway, asked));
  const stream = followStream(world, gateway, random);
  const calls = new Set<Promise<unknown>>();
  const state = { broken: 0, isOver: false };

  const append = appender(world, random);
  const appending = (async () => {
    while (!state.isOver) {
      await append();
      if (leaps && random() < 0.01) world.leap(random() * 120_000);
      await sleep(random() < 0.1 ? 1500 * random() : 120 * random());
    }
  })();
  const broadcasting = (async () => {
    while (!state.isOver) await stream.turn(true);
  })();
  const wavering = clients.map(async (client) => {
    while (!state.isOver) {
      await sleep(random() * (client.id === null ? 600 : 7000));
      if (client.id === null) call(client.connect(world));
      else if (state.broken < plan.disconnects) {
        state.broken += 1;
        call(client.disconnect(world, random() < 0.7));
      }
    }
  });
  while (state.broken < plan.disconnects) await sleep(50);
  state.isOver = true;
  await Promise.all([appending, broadcasting, ...wavering]);
  gateway.faults = NO_FAULTS;
  await Promise.allSettled(calls);
  await Promise.all(clients.map((client) => patiently(() => back(client))));
  await append();
  await stream.end();
  const facts = await everyFact(world);
  const complaints = clients.flatMap((client, n) =>
    client.complaints(facts).map((it) => `client ${n}: ${it}`),
  );
  await world.close();
  const sum = (of: (client: Client) => number) => clients.reduce((all, client) => all + of(client), 0);
  return {
    complaints,
    facts: facts.length,
    received: sum(({ received }) => received.length),
    repeats: sum(({ repeats }) => repeats),
    disconnects: state.broken,
    kills: stream.kills(),
    largest: gateway.largest,
    gaps: clients.flatMap(({ gaps }) => gaps.map(({ reason }) => reason)),
  };

  async function back(client: Client): Promise<void> {
    if (client.id === null) await client.connect(world);
    if (client.id === null) throw new Unavailable("It was not let in.");
  }

  function call(running: Promise<unknown>): void {
    calls.add(running);
    // A connection that broke in the midst of its subscription.
    running.catch(() => {}).finally(() => calls.delete(running));
  }
}

/** Appends one batch: of any size, now and then with events of many KB. */
function appender(world: World, random: () => number): () => Promise<void> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  let sequence = 0n;
  let n = 0;
  const draft = (): Draft => {
    const type = pick(TYPES);
    const padding = random() < 0.04 ? "x".repeat(random() * 12_000) : "";
    const health = { id: `node-${Math.floor(random() * 5)}`, status: pick(["healthy", "unhealthy"]), n: n++ };
    const data = type === "node_health_updated" ? health : { n: n++, padding };
    return { type, at: world.now(), place: pick(PLACES), data };
  };
  return async () => {
    const changes = Array.from({ length: 1 + Math.floor(random() * 6) }, (): Change => {
      sequence += 1n;
      return { sequence, facts: Array.from({ length: 1 + Math.floor(random() * 2) }, draft) };
    });
    await patiently(() => Events.append(world, { table: "test", shard: "one" }, changes));
  };
}

/** The log's stream and the function behind it: batches in order, again when one was killed, in one of two environments or a new one. */
function followStream(world: World, gateway: Gateway, random: () => number) {
  let position = 0;
  let kills = 0;
  const environments = [coldWorld(world), coldWorld(world)];

  async function turn(isFaulty: boolean): Promise<boolean> {
    const most = 1 + Math.floor(random() * 8);
    const entries = await patiently(() => Events.readAfter(world, position, most));
    if (entries.length === 0) {
      await sleep(20);
      return false;
    }
    const at = random() < 0.9 ? 0 : 1;
    const dies = isFaulty && random() < 0.5;
    let lives = dies ? 1 + Math.floor(random() * 4) : Number.POSITIVE_INFINITY;
    let die = () => {};
    const death = new Promise<"killed">((resolve) => {
      die = () => resolve("killed");
    });
    const isDead = () => {
      lives -= 1;
      if (lives <= 0) die();
      return lives <= 0;
    };
    const environment: World = {
      ...environments[at]!,
      // The function that goes on is out of time at once.
      now: () => world.now() + (lives <= 0 ? 1e9 : 0),
    };
    const woken = { first: entries[0]!.seq, last: entries.at(-1)!.seq };
    const until = world.now() + 54_000;
    // What fails is called again with the same batch, in the same environment.
    const call = Realtime.broadcast(environment, gateway.from({ isDead }), woken, until).then(
      () => "done",
      () => "failed",
    );
    const ended = await Promise.race([call, death]);
    if (ended === "done") position = woken.last;
    else if (ended === "killed") {
      kills += 1;
      environments[at] = coldWorld(world);
    }
    return true;
  }

  return {
    turn,
    kills: () => kills,
    async end() {
      while (await turn(false));
    },
  };
}

/** Does something again for as long as the store is out of reach: a machine under load is. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Unavailable) || tries === 20) throw error;
    }
  }
}

async function everyFact(world: World): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (let seq = 0; ; ) {
    const entries = await patiently(() => Events.readAfter(world, seq, 200));
    if (entries.length === 0) return facts;
    facts.push(...entries.flatMap((entry) => entry.facts));
    seq = entries.at(-1)!.seq;
  }
}
