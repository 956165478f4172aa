import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { iso } from "../../core/id.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { type SweepOrder, Watching } from "../../core/watching/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { allUnits, type Edges, healths, observed, registerEdges, startEdges, sweepFleet } from "./edges.ts";

vi.setConfig({ testTimeout: 60_000 });

let world: TestWorld;
let ctx: Ctx;
let edges: Edges;
let now = 1_800_000_000_000;

beforeAll(async () => {
  world = await openTestWorld({ now: () => now, config: { HEALTH_TIMEOUT: 3 } });
  ctx = adminCtx(world);
  edges = await startEdges(4);
});
// Every test begins with an empty fleet, of healthy edges that nobody asked.
afterEach(async () => {
  for await (const { id } of Nodes.all(world)) await Nodes.remove(ctx, { id });
  edges.behave("healthy");
  edges.asked.fill(0);
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

/** The next wave, an interval later. */
async function wave(count = 1) {
  for (let i = 0; i < count; i++) {
    now += 30_000;
    await sweepFleet(world, now / 1000);
  }
}

test("H2: a sweep sees registered nodes, with their load, in their cells and their records", async () => {
  await registerEdges(world, edges, 4);
  edges.behave("degraded", [1]);
  await wave();
  expect(await healths(world)).toEqual({
    cells: { healthy: 3, degraded: 1 },
    records: { healthy: 3, degraded: 1 },
  });
  expect((await observed(world)).get("n3")).toMatchObject({
    cpu_usage: 13,
    memory_usage: 40,
    active_connections: 3,
  });
  expect(await Nodes.status(ctx, { id: "n3" })).toMatchObject({
    status: "healthy",
    cpu_usage: 13,
    active_connections: 3,
  });
});

test.each(["error", "closed", "silent"] as const)(
  "H3, H4: a node that turns %s is out after three sweeps, back after two",
  async (manner) => {
    const since = iso(now + 1000);
    await registerEdges(world, edges, 2);
    await wave();
    edges.behave(manner, [0]);
    await wave(2);
    expect((await observed(world)).get("n0")).toMatchObject({ health: "healthy", failures: 2 });
    await wave();
    expect(await healths(world)).toEqual({
      cells: { healthy: 1, unhealthy: 1 },
      records: { healthy: 1, unhealthy: 1 },
    });
    edges.behave("healthy", [0]);
    await wave();
    expect((await observed(world)).get("n0")).toMatchObject({ health: "unhealthy", successes: 1 });
    await wave();
    expect(await healths(world)).toEqual({ cells: { healthy: 2 }, records: { healthy: 2 } });

    const { transitions } = await Nodes.transitions(ctx, { id: "n0", since });
    expect(transitions.map(({ to }) => to)).toEqual(["healthy", "unhealthy", "healthy"]);
    expect(transitions[1]?.evidence).toMatch(/^3 failures in a row, the last: .+\.$/);
  },
);

test("H8: a sweep that comes twice, or after a later one, is not folded in again", async () => {
  await registerEdges(world, edges, 1);
  await wave(2);
  const before = (await observed(world)).get("n0");
  expect(await sweepFleet(world, now / 1000)).toEqual([]);
  expect(await sweepFleet(world, now / 1000 - 30)).toEqual([]);
  expect((await observed(world)).get("n0")).toEqual(before);
  expect(edges.asked[0]).toBe(2);
});

test("H10: nodes that are neither active nor draining are not probed", async () => {
  await registerEdges(world, edges, 2);
  await Nodes.deactivate(ctx, { id: "n0" });
  await wave();
  expect(edges.asked.slice(0, 2)).toEqual([0, 1]);
});

test("H1: an activation begins anew", async () => {
  await registerEdges(world, edges, 1);
  await wave(2);
  await Nodes.disable(ctx, { id: "n0" });
  await Nodes.activate(ctx, { id: "n0" });
  edges.behave("error");
  await wave();
  expect((await observed(world)).get("n0")).toMatchObject({ health: "unknown", failures: 1, successes: 0 });
});

test("N8: a drain ends when the node says that it is empty", async () => {
  await registerEdges(world, edges, 2);
  await wave();
  await Nodes.drain(ctx, { id: "n0", deadline_s: 3600 });
  await Nodes.drain(ctx, { id: "n1", deadline_s: 3600 });
  await wave();
  expect((await Nodes.find(world, "n0", { consistent: true }))?.desired_state).toBe("inactive");
  expect((await Nodes.find(world, "n1", { consistent: true }))?.desired_state).toBe("draining");
});

test("N8: a drain ends at its deadline, whatever the node says", async () => {
  await registerEdges(world, edges, 2);
  await wave();
  await Nodes.drain(ctx, { id: "n1", deadline_s: 45 });
  edges.behave("silent", [1]);
  await wave();
  expect((await Nodes.find(world, "n1", { consistent: true }))?.desired_state).toBe("draining");
  await wave();
  expect((await Nodes.find(world, "n1", { consistent: true }))?.desired_state).toBe("inactive");
});

test("an order for newcomers alone probes them, once, and leaves the others and the wave as they are", async () => {
  await registerEdges(world, edges, 1);
  await wave();
  await registerLate();
  const orders: SweepOrder[] = [];
  const queue = { send: async (sent: readonly SweepOrder[]) => void orders.push(...sent) };
  await Watching.watchNow(world, queue, [{ id: "late", lat: 10, lng: 10 }]);
  expect(orders).toHaveLength(1);
  for (const order of [...orders, ...orders]) await Watching.sweep(world, order);
  expect((await observed(world)).get("late")).toMatchObject({ health: "healthy", successes: 1 });
  expect(edges.asked).toEqual([1, 0, 0, 1]);
  // The wave went on from where it was: the next one is news, the last one is not.
  expect(await sweepFleet(world, now / 1000)).toEqual([]);
  await wave();
  expect(edges.asked).toEqual([2, 0, 0, 2]);

  async function registerLate() {
    const location = { lat: 10, lng: 10 };
    await Nodes.register(ctx, { node_id: "late", name: "late", location, endpoint: edges.endpoint(3) });
  }
});

test("a check that comes between does not cost its cell the sweep", async () => {
  await registerEdges(world, edges, 2);
  await wave();
  edges.behave("silent", [1]);
  now += 30_000;
  const sweeping = sweepFleet(world, now / 1000);
  await Watching.check(ctx, { id: "n0" });
  await sweeping;
  for (const { cells } of await allUnits(world)) {
    for (const state of await Cells.read(world, cells)) expect(state.observed?.wave).toBe(now / 1000);
  }
  expect((await observed(world)).get("n1")).toMatchObject({ failures: 1 });
});

test("a record that missed what its cell holds is put right by a later sweep", async () => {
  await registerEdges(world, edges, 1);
  await wave();
  const { epoch } = (await Nodes.find(world, "n0", { consistent: true }))!;
  await Nodes.flip(ctx, { id: "n0", epoch, health: "unhealthy", evidence: "It only seemed so." });
  await wave();
  expect((await Nodes.find(world, "n0", { consistent: true }))?.health).toBe("healthy");
});

test("dispatch orders every unit once per wave, with their number", async () => {
  await registerEdges(world, edges, 4);
  const sent: { orders: readonly SweepOrder[]; delayS: number }[] = [];
  const queue = {
    send: async (orders: readonly SweepOrder[], delayS: number) => void sent.push({ orders, delayS }),
  };
  now = Math.ceil(now / 60_000) * 60_000 + 7_000;
  const { waves, units } = await Watching.dispatch(world, queue, now);
  expect(waves).toEqual([(now - 7000) / 1000, (now - 7000) / 1000 + 30]);
  expect(sent.map(({ delayS }) => delayS)).toEqual([0, 23]);
  for (const { orders } of sent) {
    expect(orders.map(({ units }) => units)).toEqual(orders.map(() => units));
    for (const order of orders) await Watching.sweep(world, order);
  }
  expect(edges.asked).toEqual([2, 2, 2, 2]);
});

test("a flip that can't be stored holds up no other node, and the next sweep finds it again", async () => {
  await registerEdges(world, edges, 2);
  const { doc } = world.store;
  const send = async (command: { input: object }) => {
    const concerns = JSON.stringify(command.input).includes('"n0"') && "TransactItems" in command.input;
    if (concerns) throw new Error("The store is on fire.");
    return doc.send(command as never);
  };
  const burning = { ...world, store: { ...world.store, doc: { send } as unknown as typeof doc } };
  now += 30_000;
  await sweepFleet(burning, now / 1000);
  expect(await healths(world)).toEqual({
    cells: { unknown: 1, healthy: 1 },
    records: { unknown: 1, healthy: 1 },
  });
  await wave();
  expect(await healths(world)).toEqual({ cells: { healthy: 2 }, records: { healthy: 2 } });
});
