import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type CellState, Cells } from "../../../core/cells/index.ts";
import { CELLS } from "../../../core/cells/items.ts";
import { readConfig } from "../../../core/config.ts";
import type { World } from "../../../core/ctx.ts";
import { Events } from "../../../core/events/index.ts";
import { EVENTS } from "../../../core/events/items.ts";
import { createOutbound } from "../../../core/outbound/index.ts";
import { openStore } from "../../../core/store/index.ts";
import { TABLES } from "../../../core/tables.ts";
import { makeBroadcast } from "../../../functions/streams/broadcast.ts";
import { makeCellEvents } from "../../../functions/streams/cell-events.ts";
import { openPeers } from "../../../functions/ws/peers.ts";
import { makeRealtime } from "../../../functions/ws/realtime.ts";
import { openCheckpoints } from "../../local/checkpoints.ts";
import { passingSealer } from "../../local/passing-sealer.ts";
import { openSockets, type Sockets } from "../../local/sockets.ts";
import { openStreamsClient, startTrigger } from "../../local/streams.ts";
import { createTable } from "../../local/tables.ts";
import { benchCredential } from "../credential.ts";
import type { Order, Received } from "./asked.ts";
import { watch } from "./posts.ts";

/** What fails is counted, message by message. */
const quiet = { info() {}, warn() {}, error: console.error };

/** A world of its own in a database, by the real clock. */
export async function openBenchWorld(endpoint: string): Promise<World> {
  const config = readConfig({
    DYNAMODB_ENDPOINT: endpoint,
    ARX_TABLE_PREFIX: "bench",
  });
  const store = openStore(config);
  for (const spec of TABLES) await createTable(store.doc, spec, store.table(spec));
  const outbound = createOutbound({ allowLoopback: false });
  return {
    config,
    store,
    outbound,
    sealer: passingSealer(),
    log: quiet,
    now: Date.now,
    random: Math.random,
    memory: new Map(),
  };
}

/** Real sockets in front of the realtime function. @returns where to connect to, and what ends it */
export async function serveSockets(
  world: World,
): Promise<{ url: string; sockets: Sockets; quieten(): void; close(): Promise<void> }> {
  let endpoint = "";
  const peersOf = (given: World) =>
    openPeers({ ...given, config: { ...given.config, ARX_REALTIME_ENDPOINT: endpoint } });
  let isOver = false;
  const error: World["log"]["error"] = (...given) => isOver || console.error(...given);
  const log = { ...quiet, error };
  const handler = makeRealtime(() => ({ ...world, log, memory: new Map() }), peersOf);
  const sockets = await openSockets({ handler: () => handler, log: quiet });
  ({ endpoint } = sockets);
  const server = createServer((_, response) => void response.writeHead(404).end());
  server.on("upgrade", (...given) => sockets.upgrade(...given));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/ws/admin?subscribe=manual`,
    sockets,
    /** From here on everybody leaves at once, which is nobody's error. */
    quieten() {
      isOver = true;
    },
    async close() {
      await sockets.close();
      server.close();
    },
  };
}

/** The way from cells to clients: the streams of two tables, the outbox, and what broadcasts. */
export async function startStreams(world: World, endpoint: string) {
  const watched = watch(
    openPeers({ ...world, config: { ...world.config, ARX_REALTIME_ENDPOINT: endpoint } }),
  );
  const streams = openStreamsClient(world.config.DYNAMODB_ENDPOINT!);
  const common = { client: world.store.client, streams, checkpoints: openCheckpoints(), log: quiet };
  const own = (): World => ({ ...world, memory: new Map() });
  const [outboxWorld, broadcastWorld] = [own(), own()];
  const triggers = [
    await startTrigger({
      ...common,
      name: "cell-events",
      table: world.store.table(CELLS),
      handler: makeCellEvents(() => outboxWorld),
      windowed: true,
    }),
    await startTrigger({
      ...common,
      name: "broadcast",
      table: world.store.table(EVENTS),
      handler: makeBroadcast(
        () => broadcastWorld,
        () => watched.peers,
      ),
    }),
  ];
  return {
    watched,
    async close() {
      for (const trigger of triggers) await trigger.close();
      streams.destroy();
    },
  };
}

/** Clients in a process of their own, all connected and subscribed. */
export async function connectClients(world: World, order: Omit<Order, "authorization">) {
  const script = fileURLToPath(new URL("./clients.ts", import.meta.url));
  const child = fork(script, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const gone = once(child, "exit").then(([code]) => {
    throw new Error(`The clients ended with code ${String(code)}.`);
  });
  gone.catch(() => {});
  const authorization = await benchCredential(world, ["events:read"]);
  child.send({ ...order, authorization } satisfies Order);
  await Promise.race([once(child, "message"), gone]);
  return {
    async report(): Promise<Received> {
      child.send("report");
      const [received] = (await Promise.race([once(child, "message"), gone])) as [Received];
      return received;
    },
    close: () => child.disconnect(),
  };
}

export async function cellsOf(world: World): Promise<CellState[]> {
  const states: CellState[] = [];
  for await (const { cells } of Cells.units(world)) states.push(...(await Cells.read(world, cells)));
  return states;
}

/** Writes an observation of every cell, as a sweep does. */
export async function sweep(world: World): Promise<void> {
  const at = world.now();
  for (const { cell, members, observed } of await cellsOf(world)) {
    const nodes = members.map(({ id, epoch }) => {
      const load = { cpu_usage: Math.floor(world.random() * 100), memory_usage: 60 };
      const seen = { ...load, active_connections: Math.floor(world.random() * 90), active_agents: 0 };
      return [id, { epoch, health: "healthy" as const, ...seen, failures: 0, successes: 9 }] as const;
    });
    await Cells.writeObservation(world, cell, observed, {
      wave: Math.floor(at / 1000),
      at,
      nodes: new Map(nodes),
    });
  }
}

/** Waits until the log has not grown for a while. */
export async function settled(world: World): Promise<void> {
  for (let seq = -1; ; ) {
    const head = await Events.head(world);
    if (head.seq === seq) return;
    ({ seq } = head);
    await sleep(3000);
  }
}
