import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../../core/ctx.ts";
import { Events } from "../../core/events/index.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import type { Bench, Figure } from "./bench.ts";
import type { Received } from "./broadcast/asked.ts";
import {
  cellsOf,
  connectClients,
  openBenchWorld,
  serveSockets,
  settled,
  startStreams,
  sweep,
} from "./broadcast/ground.ts";
import { mostWithin } from "./broadcast/posts.ts";
import { storeFleet } from "./sweep/fleet.ts";

const ROUTES_A_SECOND = 5;
/** What two messages of a connection are apart, at least: passes are a second apart, by a clock of their own. */
const SECOND_MS = 900;

export const bench: Bench = {
  name: "broadcast",
  what: "10: a fleet that is swept, from its cells over streams and the log to connections over real sockets",
  async run({ full, log }) {
    const nodes = full ? 10_000 : 1_000;
    const connections = full ? 1_000 : 100;
    const seconds = full ? 90 : 30;
    const closers: (() => unknown)[] = [];
    try {
      const database = await startDynamoDbLocal();
      closers.push(() => database.stop());
      const world = await openBenchWorld(database.endpoint);
      closers.push(
        () => world.store.close(),
        () => world.outbound.close(),
      );
      log(`storing ${nodes} nodes and their cells`);
      await storeFleet(world, nodes, [80]);
      const { url, sockets, ...server } = await serveSockets(world);
      closers.push(() => server.close());
      const streams = await startStreams(world, sockets.endpoint);
      closers.push(() => streams.close());
      await settled(world);
      const cells = await cellsOf(world);
      const places = cells.flatMap(({ members }) =>
        members.map((member) => [member.id, Events.placeOfNode(member)!] as const),
      );
      log(`${cells.length} cells; connecting ${connections} clients`);
      const clients = await connectClients(world, { url, connections, places });
      closers.push(() => clients.close());
      closers.push(() => server.quieten());
      streams.watched.clear();
      log(`sweeping every 30 s for ${seconds} s, ${ROUTES_A_SECOND} routes a second`);
      const used = await live(world, places, seconds);
      const received = await clients.report();
      return figuresOf(streams.watched, received, { nodes, connections, seconds: used });
    } finally {
      for (const close of closers.reverse()) await close();
    }
  },
};

/** Sweeps and routes for some time, and waits until what came of it was sent. @returns how long it all took, in seconds */
async function live(
  world: World,
  places: readonly (readonly [string, string])[],
  seconds: number,
): Promise<number> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let swept = 0;
  let sweeping = Promise.resolve();
  for (let second = 0; second < seconds; second++) {
    if (second >= 30 * swept) {
      swept += 1;
      sweeping = sweeping.then(() => sweep(world));
    }
    await route(world, second, places);
    await sleep(Math.max(0, (second + 1 - elapsed()) * 1000));
  }
  await sweeping;
  await settled(world);
  return elapsed();
}

/** The routes of a second, as one batch of the requests' stream brings them; in every tenth a node changes too. */
async function route(
  world: World,
  second: number,
  places: readonly (readonly [string, string])[],
): Promise<void> {
  const at = world.now();
  const facts = Array.from({ length: ROUTES_A_SECOND }, (_, n) => {
    const [node, place] = places[Math.floor(world.random() * places.length)]!;
    const data = { request_id: `r-${second}-${n}`, selected_node_id: node, status: "routed", geohash: place };
    return { type: "route_request" as const, at, place, data };
  });
  const [id, place] = places[second % places.length]!;
  const updated = { type: "node_updated" as const, at, place, data: { id, name: `Node ${second}` } };
  const change = { sequence: BigInt(second + 1), facts: second % 10 === 9 ? [...facts, updated] : facts };
  await Events.append(world, { table: "bench", shard: "one" }, [change]);
}

function figuresOf(
  { posts, bursts, failed }: Awaited<ReturnType<typeof startStreams>>["watched"],
  received: Received,
  { nodes, connections, seconds }: { nodes: number; connections: number; seconds: number },
): Figure[] {
  const spans = bursts.map(({ from, to }) => to - from).sort((a, b) => a - b);
  const sent = [...posts.values()].reduce((sum, times) => sum + times.length, 0);
  return [
    { name: "connections", value: connections, unit: "connections" },
    {
      name: "connections that were lost",
      value: received.closed,
      unit: "connections",
      bar: { op: "==", value: 0 },
    },
    {
      name: "messages to one connection within a second, at most",
      value: mostWithin(posts, SECOND_MS),
      unit: "messages",
      bar: { op: "<=", value: 1 },
    },
    { name: "messages to a connection, mean", value: sent / connections / seconds, unit: "messages/s" },
    {
      name: "largest message",
      value: received.largestBytes,
      unit: "bytes",
      bar: { op: "<=", value: 32 * 1024 },
    },
    {
      name: "events that their connection had not asked for",
      value: received.outside,
      unit: `of ${received.events}`,
      bar: { op: "==", value: 0 },
    },
    {
      name: "events that came again at a hand-over, to be dropped",
      value: received.repeated,
      unit: "events",
    },
    { name: "snapshots required", value: received.snapshots, unit: "snapshots" },
    { name: "messages that failed", value: failed(), unit: `of ${sent}` },
    {
      name: "nodes whose readings reached who asks for everything",
      value: received.nodesTold,
      unit: `of ${nodes}`,
    },
    {
      name: "a pass, from its first message to its last answer, median",
      value: spans[spans.length >> 1] ?? 0,
      unit: "ms",
    },
    { name: "the longest", value: spans.at(-1) ?? 0, unit: "ms" },
  ];
}
