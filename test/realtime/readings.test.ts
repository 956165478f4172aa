import { afterAll, beforeAll, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import { type Draft, type Event, Events } from "../../core/events/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { storeFleet } from "../../scripts/bench/sweep/fleet.ts";
import { coldWorld } from "../world/index.ts";
import { Client } from "./client.ts";
import { Gateway, NO_FAULTS } from "./gateway.ts";
import { type LeapingWorld, openLeapingWorld } from "./history.ts";

const NODES = 60;
let world: LeapingWorld;
let cell: string;
beforeAll(async () => {
  world = await openLeapingWorld();
  await storeFleet(world, NODES, [80]);
  for await (const { cells } of Cells.units(world)) cell = cells[0]!;
});
afterAll(() => world.close());

const gateway = new Gateway(Math.random);
const HEALTH = { types: ["node_health_updated" as const] };
let sequence = 0n;

async function append(facts: readonly Draft[], swept?: string): Promise<number> {
  sequence += 1n;
  const change = { sequence, facts, ...(swept === undefined ? {} : { swept }) };
  await Events.append(world, { table: "test", shard: "one" }, [change]);
  return (await Events.head(world)).seq;
}

function flip(id: string, status: string, padding = ""): Draft {
  return { type: "node_health_updated", at: world.now(), data: { id, status, padding } };
}

async function subscribed(asked: ConstructorParameters<typeof Client>[1]): Promise<Client> {
  const client = new Client(gateway, asked);
  await client.connect(world);
  return client;
}

const statuses = ({ received }: Client) =>
  new Map(received.map(({ data }: Event) => [data.id as string, data.status]));

/** Has the cell seen again, all of it healthy. */
async function sweep(): Promise<void> {
  const [state] = await Cells.read(world, [cell]);
  const { observed } = state!;
  await Cells.writeObservation(world, cell, observed, { ...observed!, at: world.now() });
}

test("R7: readings that were taken for one message displace no flip in another of the same subscription", async () => {
  const client = await subscribed(HEALTH);
  const process = coldWorld(world);
  const pass = (seq: number) => Realtime.broadcast(process, gateway.from(), { first: seq, last: seq }, 0);
  // Nearly a message full of flips, which this one misses and those who come after it have no need of.
  gateway.faults = { ...NO_FAULTS, failedBefore: 1 };
  const flips = Array.from({ length: NODES }, (_, n) =>
    flip(`node-${n}`, "unhealthy", "x".repeat(n > 0 ? 330 : 0)),
  );
  await pass(await append(flips));
  gateway.faults = NO_FAULTS;
  const other = await subscribed(HEALTH);
  expect(client.received).toEqual([]);
  world.leap(1000);
  await sweep();
  await pass(await append([], cell));
  expect(new Set(statuses(client).keys()).size).toBe(NODES);
  expect(client.repeats + other.repeats).toBe(0);
  expect(gateway.largest).toBeLessThanOrEqual(32 * 1024);
  await client.disconnect(world, true);
  await other.disconnect(world, true);
});

test("E7, R7: a reading from before a change says nothing against it; one from after does", async () => {
  const client = await subscribed({ types: ["node_health_updated", "node_draining", "node_deleted"] });
  const process = coldWorld(world);
  world.leap(30_000);
  await sweep();
  world.leap(1000);
  const at = world.now();
  const drained: Draft = { type: "node_draining", at, data: { id: "node-1", status: "draining" } };
  const deleted: Draft = { type: "node_deleted", at, data: { id: "node-2", node_id: "node-2" } };
  const seq = await append([flip("node-0", "unhealthy"), drained, deleted], cell);
  await Realtime.broadcast(process, gateway.from(), { first: seq, last: seq }, 0);
  const told = statuses(client);
  expect([told.get("node-0"), told.get("node-1"), told.get("node-2")]).toEqual([
    "unhealthy",
    "draining",
    undefined,
  ]);
  expect(told.get("node-3")).toBe("healthy");
  expect(told.size).toBe(NODES);
  world.leap(30_000);
  await sweep();
  const next = await append([], cell);
  await Realtime.broadcast(process, gateway.from(), { first: next, last: next }, 0);
  expect(statuses(client).get("node-0")).toBe("healthy");
  await client.disconnect(world, true);
});

test("R6: readings go to those who asked for their place, and are of it", async () => {
  const [state] = await Cells.read(world, [cell]);
  const place = Events.placeOfNode(state!.members[0]!)!;
  const inside = await subscribed({ ...HEALTH, cells: [place.slice(0, 2)] });
  const world1 = coldWorld(world);
  const seq = await append([], cell);
  await Realtime.broadcast(world1, gateway.from(), { first: seq, last: seq }, 0);
  const near = state!.members.filter((member) => Events.placeOfNode(member)!.startsWith(place.slice(0, 2)));
  expect([...statuses(inside).keys()].sort()).toEqual(near.map(({ id }) => id).sort());
});
