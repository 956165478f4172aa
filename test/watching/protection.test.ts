import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import { Fleet } from "../../core/fleet/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { Watching } from "../../core/watching/index.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { allUnits, type Edges, healths, registerEdges, startEdges, sweepFleet } from "./edges.ts";

const NODES = 100;
vi.setConfig({ testTimeout: 90_000 });

let world: TestWorld;
let edges: Edges;
let now = 1_800_000_000_000;

beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
  edges = await startEdges(NODES);
  await registerEdges(world, edges, NODES);
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

async function waves(count: number): Promise<boolean[]> {
  const said: boolean[] = [];
  for (let i = 0; i < count; i++) {
    now += 30_000;
    said.push(...(await sweepFleet(world, now / 1000)).map((report) => report.protected));
  }
  return said;
}

/** What a router that just started is told. */
async function published() {
  const { signs } = await Cells.nearest(coldWorld(world), {
    at: { lat: 0, lng: 0 },
    k: 1,
    qualifies: () => true,
  });
  return signs;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const all = (health: string, count = NODES) => ({ cells: { [health]: count }, records: { [health]: count } });

test("reliability 5, H9: 55 of 100, then all, fail together: none is evicted, routers are told, and it clears by itself", async () => {
  await waves(2);
  expect(await healths(world)).toEqual(all("healthy"));
  expect(await Fleet.isProtected(world)).toBe(false);

  edges.behave("error", upTo(55));
  expect((await waves(4)).every(Boolean)).toBe(true);
  expect(await healths(world)).toEqual(all("healthy"));
  expect(await published()).toMatchObject({ protected: true });

  edges.behave("closed");
  await waves(4);
  expect(await healths(world)).toEqual(all("healthy"));
  expect(await published()).toMatchObject({ protected: true });

  edges.behave("healthy");
  expect((await waves(1)).at(-1)).toBe(false);
  expect(await published()).toMatchObject({ protected: false });
  expect(await healths(world)).toEqual(all("healthy"));
  const rows = await Nodes.transitions(adminCtx(world), { id: "n0" });
  expect(rows.transitions.map(({ to }) => to)).toEqual(["healthy", "active"]);
});

test("H9: 40 of 100 that fail are evicted, for the supervisor is not in doubt", async () => {
  edges.behave("error", upTo(40));
  await waves(2);
  expect(await healths(world)).toEqual(all("healthy"));
  await waves(1);
  expect(await healths(world)).toEqual({
    cells: { healthy: 60, unhealthy: 40 },
    records: { healthy: 60, unhealthy: 40 },
  });
  expect(await published()).toMatchObject({ protected: false });
  edges.behave("healthy");
  await waves(2);
  expect(await healths(world)).toEqual(all("healthy"));
});

test("H9: when protection clears, H3 is judged again by the next sweep", async () => {
  edges.behave("error", upTo(60));
  await waves(5);
  edges.behave("healthy", upTo(30));
  await waves(1);
  expect(await healths(world)).toEqual({
    cells: { healthy: 70, unhealthy: 30 },
    records: { healthy: 70, unhealthy: 30 },
  });
  edges.behave("healthy");
  await waves(2);
  expect(await healths(world)).toEqual(all("healthy"));
});

test("H9: an order that comes twice counts once", async () => {
  edges.behave("error", upTo(60));
  now += 30_000;
  const [unit] = await allUnits(world);
  const counts = { pool: 100, failing: 40, probed: 100, connections: 0 };
  for (let i = 0; i < 3; i++) await Fleet.count(world, now / 1000, unit!, counts);
  const { running } = await Fleet.count(world, now / 1000, unit!, counts);
  expect(running).toMatchObject({ ...counts, units: 1 });
  edges.behave("healthy");
});

test("H9: protection that nobody judges any more is cleared by dispatch, and published", async () => {
  const { state } = await Fleet.recentSweeps(world);
  await Fleet.protect(world, { protected: true, wave: now / 1000 }, state);
  expect(await published()).toMatchObject({ protected: true });
  now += 600_000;
  await Watching.dispatch(world, { send: async () => {} }, now);
  expect(await published()).toMatchObject({ protected: false });
});

test("routers that announce themselves are counted for a minute, and their rates added up", async () => {
  await Fleet.announce(world, { router: "a", routes: 300, seconds: 30 });
  await Fleet.announce(world, { router: "b", routes: 60, seconds: 30 });
  // No sweep has counted a connection yet, so a session is as short as one is taken to be.
  expect(await Fleet.publish(world)).toEqual({
    protected: false,
    routers: 2,
    routes_per_s: 12,
    session_s: 1,
  });
  const wave = Math.floor(world.now() / 1000) - 1;
  const counts = { pool: 5, failing: 0, probed: 5, connections: 360 };
  await Fleet.count(world, wave, { directory: "g", cells: ["g"] }, counts);
  expect((await Fleet.signs(world)).session_s).toBeCloseTo(360 / 12, 9);
  await Fleet.retire(world, "b");
  expect(await Fleet.signs(world)).toMatchObject({ routers: 1, routes_per_s: 10 });
  now += 61_000;
  expect(await Fleet.signs(world)).toMatchObject({ routers: 1, routes_per_s: 0 });
});
