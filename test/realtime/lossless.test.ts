import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { World } from "../../core/ctx.ts";
import { Unavailable } from "../../core/errors.ts";
import { type Draft, Events } from "../../core/events/index.ts";
import { type Peers, Realtime } from "../../core/realtime/index.ts";
import { listenersTo } from "../../core/realtime/items.ts";
import type { Store } from "../../core/store/index.ts";
import { coldWorld } from "../world/index.ts";
import { type Asked, Client } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { type LeapingWorld, openLeapingWorld } from "./history.ts";

let world: LeapingWorld;
beforeAll(async () => {
  world = await openLeapingWorld();
});
afterAll(() => world.close());

const open: Client[] = [];
beforeEach(async () => {
  for (const client of open.splice(0)) await client.disconnect(world, true);
});

const gateway = new Gateway(Math.random);
const peers = gateway.from();
let sequence = 0n;

/** Appends one event, and cells that were swept. @returns the number of its entry */
async function append(type: Draft["type"], data: Draft["data"] = {}, swept?: string): Promise<number> {
  sequence += 1n;
  const facts = [{ type, at: world.now(), data }];
  await Events.append(world, { table: "test", shard: "one" }, [
    { sequence, facts, ...(swept === undefined ? {} : { swept }) },
  ]);
  return (await Events.head(world)).seq;
}

/** One pass of a process, for one entry. */
function broadcast(process: World, seq: number, by: Peers = peers): Promise<void> {
  return Realtime.broadcast(process, by, { first: seq, last: seq }, 0);
}

async function subscribed(asked: Asked, given: World = world): Promise<Client> {
  const client = new Client(gateway, asked);
  open.push(client);
  await client.connect(given);
  return client;
}

const typesOf = ({ received }: Client) => received.map(({ type }) => type);

/** The same store, but that something else is done, once, before a call to it that is asked for. */
function before(
  store: Store,
  is: (command: string, input: string) => boolean,
  run: () => Promise<void>,
): Store {
  let isDone = false;
  const doc = new Proxy(store.doc, {
    get(target, name) {
      if (name !== "send") return Reflect.get(target, name) as unknown;
      return async (command: { input: unknown }) => {
        if (!isDone && is(command.constructor.name, JSON.stringify(command.input))) {
          isDone = true;
          await run();
        }
        return target.send(command as never);
      };
    },
  });
  return { ...store, doc };
}

test("R5: what is broadcast between the end of a replay and its hand-over is sent all the same", async () => {
  const process = coldWorld(world);
  const listing = (command: string, input: string) =>
    command === "TransactWriteCommand" && input.includes('"t#leader_changed"');
  const store = before(world.store, listing, async () => {
    await broadcast(process, await append("leader_changed"));
  });
  const client = await subscribed({ types: ["leader_changed"] }, { ...world, store });
  expect(typesOf(client)).toEqual(["leader_changed"]);
  await broadcast(process, await append("leader_changed"));
  world.leap(200_000);
  await broadcast(process, await append("device_moved"));
  await broadcast(process, await append("leader_changed"));
  expect(typesOf(client)).toEqual(["leader_changed", "leader_changed", "leader_changed"]);
});

test("R6: what a pass that broke off did not send goes out with the next of the same process", async () => {
  await subscribed({ types: ["node_health_updated"] });
  const client = await subscribed({ types: ["device_moved"] });
  const process = coldWorld(world);
  const failing = before(
    world.store,
    (command) => command === "BatchGetCommand",
    async () => {
      throw new Unavailable("The store can't be reached; try again.");
    },
  );
  // Found last, so that the pass breaks off before it.
  const found = (command: string, input: string) => command === "QueryCommand" && input.includes("t#device");
  const store = before(failing, found, () => sleep(300));
  const seq = await append("device_moved", {}, "g0101");
  await expect(broadcast({ ...process, store }, seq)).rejects.toThrow(Unavailable);
  expect(client.received).toEqual([]);
  await broadcast(process, seq);
  expect(typesOf(client)).toEqual(["device_moved"]);
});

test("R10: a message that did not arrive is sent when the log next grows, though that is much later", async () => {
  const client = await subscribed({ types: ["device_moved"] });
  const process = coldWorld(world);
  gateway.faults = { ...gateway.faults, failedBefore: 1 };
  await broadcast(process, await append("device_moved"));
  gateway.faults = { ...gateway.faults, failedBefore: 0 };
  expect(client.received).toEqual([]);
  world.leap(15_000);
  await broadcast(process, await append("leader_changed"));
  expect(typesOf(client)).toEqual(["device_moved"]);
});

test("R10: a client whose message did not arrive until what it held was forgotten is told so", async () => {
  const client = await subscribed({ types: ["device_moved"] });
  const process = coldWorld(world);
  gateway.faults = { ...gateway.faults, failedBefore: 1 };
  await broadcast(process, await append("device_moved"));
  gateway.faults = { ...gateway.faults, failedBefore: 0 };
  world.leap(200_000);
  await broadcast(process, await append("leader_changed"));
  expect(client.received).toEqual([]);
  expect(client.gaps.map(({ reason }) => reason)).toEqual(["too_far_behind"]);
  await broadcast(process, await append("device_moved"));
  expect(typesOf(client)).toEqual(["device_moved"]);
});

test("R7: chatter that waits for its turn is not forgotten with what was passed on", async () => {
  const client = await subscribed({ types: ["route_request"] });
  const began = world.now();
  let passes = 0;
  const process = { ...coldWorld(world), now: () => began + 1000 * passes };
  for (; passes < 8; passes++) await broadcast(process, await append("route_request", { n: passes }));
  expect(client.received.length).toBeLessThan(8);
  passes += 200;
  world.leap(200_000);
  await broadcast(process, await append("leader_changed"));
  expect(client.received.map(({ data }) => data.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(client.gaps).toEqual([]);
});

test("R8: what a client was replayed beyond what a broadcaster has read comes once", async () => {
  const process = coldWorld(world);
  const seq = await append("leader_changed");
  let late: Client | undefined;
  const reading = before(
    world.store,
    (command, input) => command === "QueryCommand" && input.includes("t#"),
    async () => {
      await append("device_moved");
      late = await subscribed({});
      await append("assignment_changed");
    },
  );
  await broadcast({ ...process, store: reading }, seq);
  await broadcast(process, await append("leader_changed"));
  expect(typesOf(late!)).toEqual(["assignment_changed", "leader_changed"]);
  expect(late!.repeats).toBe(0);
});

test("R9: a process that stood still while another broadcast begins anew, and calls nobody back", async () => {
  const [one, other] = [coldWorld(world), coldWorld(world)];
  await broadcast(one, await append("leader_changed"));
  const client = await subscribed({ types: ["device_moved"] });
  world.leap(60_000);
  for (let n = 0; n < 3; n++) await broadcast(other, await append("device_moved", { n }));
  world.leap(60_000);
  await broadcast(one, await append("device_moved", { n: 3 }));
  expect(client.received.map(({ data }) => data.n)).toEqual([0, 1, 2, 3]);
  expect([client.repeats, client.gaps]).toEqual([0, []]);
});

test("R9: one that begins anew goes back half a minute from the entry that woke it, however old that is", async () => {
  const client = await subscribed({ types: ["device_moved"] });
  await append("device_moved", { n: 0 });
  world.leap(60_000);
  await append("device_moved", { n: 1 });
  world.leap(10_000);
  const seq = await append("device_moved", { n: 2 });
  world.leap(60_000);
  await broadcast(coldWorld(world), seq);
  expect(client.received.map(({ data }) => data.n)).toEqual([1, 2]);
});

test("R2: a replay ends when a newer subscription begins", async () => {
  const first = await subscribed({ types: ["sync_progress"] });
  await first.disconnect(world, true);
  for (let n = 0; n < 4; n++) await append("sync_progress", { n, padding: "x".repeat(20_000) });
  let isReplaced = false;
  const replacing: Peers = {
    close: (id) => peers.close(id),
    async post(id, text) {
      const posted = await peers.post(id, text);
      if (text.includes("padding") && !isReplaced) {
        isReplaced = true;
        await Realtime.subscribe(world, peers, id, { types: ["leader_changed"] });
      }
      return posted;
    },
  };
  await first.connect(world, replacing);
  expect(first.received.map(({ data }) => data.n)).toEqual([0]);
  const listeners = await listenersTo(world.store, ["sync_progress", "leader_changed"]);
  const mine = listeners.filter(({ id }) => id === first.id);
  expect(mine.map(({ generation, subscription }) => [generation, subscription.types])).toEqual([
    [3, ["leader_changed"]],
  ]);
});

test("a subscription that breaks off ends the connection: its client comes back", async () => {
  const failing = before(
    world.store,
    (command, input) => command === "QueryCommand" && input.includes('":log"'),
    async () => {
      throw new Unavailable("The store can't be reached; try again.");
    },
  );
  const client = new Client(gateway, { types: ["device_moved"] });
  await expect(client.connect({ ...world, store: failing })).rejects.toThrow(Unavailable);
  expect(client.id).toBeNull();
});

test("a ping ends a connection whose subscription broke off half-way, and no other", async () => {
  const served = await subscribed({});
  const dead = new Client(gateway, {});
  void dead.connect(world, gateway.from({ isDead: () => true }));
  await expect.poll(() => listeners(dead)).toEqual([2, false]);
  await Realtime.ping(world, peers, dead.id!);
  expect(dead.id).not.toBeNull();
  world.leap(60_000);
  await Realtime.ping(world, peers, dead.id!);
  await Realtime.ping(world, peers, served.id!);
  expect(dead.id).toBeNull();
  expect(served.id).not.toBeNull();
});

/** The generation that a connection is in, and whether events are broadcast to it. */
async function listeners({ id }: Client): Promise<[number | undefined, boolean]> {
  if (id === null) return [undefined, false];
  const connection = await Realtime.find(world, id).catch(() => undefined);
  const listed = await listenersTo(world.store, []);
  return [connection?.generation, listed.some((listener) => listener.id === id)];
}
