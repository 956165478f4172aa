import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Nodes } from "../../core/nodes/index.ts";
import { badNodes } from "../outbound/bad-servers.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edges, observed, registerEdges, startEdges, sweepFleet } from "./edges.ts";

vi.setConfig({ testTimeout: 90_000 });

let world: TestWorld;
let edges: Edges;
let now = 1_800_000_000_000;
let bad: ChildProcess;
/** More good nodes than bad ones, so that the fleet is not in doubt. */
const GOOD = badNodes.length + 10;

beforeAll(async () => {
  // Time enough for every good node, whatever else the machine does: the silent ones alone take it all.
  world = await openTestWorld({
    now: () => now,
    config: { HEALTH_TIMEOUT: 15, HEALTH_FAILURE_THRESHOLD: 1 },
  });
  edges = await startEdges(GOOD);
  await registerEdges(world, edges, GOOD);
  bad = fork(fileURLToPath(new URL("./bad-fleet.ts", import.meta.url)));
  const origins = await new Promise<string[]>((resolve) =>
    bad.once("message", (said) => resolve(said as string[])),
  );
  for (const [i, endpoint] of origins.entries()) {
    const location = { lat: 46, lng: 6 + i / 10 };
    await Nodes.register(adminCtx(world), {
      node_id: `bad${i}`,
      name: badNodes[i]!.what,
      location,
      endpoint,
    });
  }
});
afterAll(async () => {
  bad.disconnect();
  await edges.close();
  await world.close();
  console.log(`bad nodes swept: ${badNodes.length}`);
});

/** Every sweep is whole, and no cell of it is lost. */
async function wave(probed: number): Promise<void> {
  now += 30_000;
  const reports = await sweepFleet(world, now / 1000);
  const sum = (of: "probed" | "lost") => reports.reduce((all, report) => all + report[of], 0);
  expect(sum("probed")).toBe(probed);
  expect(sum("lost")).toBe(0);
}

test("reliability 14, H7: no bad node hurts a sweep, none is ever good, and each is out with evidence", async () => {
  await wave(GOOD + badNodes.length);
  const seen = await observed(world);
  for (let i = 0; i < GOOD; i++) expect(seen.get(`n${i}`)).toMatchObject({ health: "healthy", failures: 0 });
  for (const [i, { what }] of badNodes.entries()) {
    expect(seen.get(`bad${i}`), what).toMatchObject({ health: "unhealthy", failures: 1, successes: 0 });
    const { transitions } = await Nodes.transitions(adminCtx(world), { id: `bad${i}` });
    expect(transitions[0]?.to, what).toBe("unhealthy");
    expect(transitions[0]?.evidence, what).toMatch(/^.{10,300}\.$/);
  }
});

test("reliability 14, H7: a good node that begins to answer nonsense keeps no load that makes no sense", async () => {
  for (const i of badNodes.keys()) await Nodes.remove(adminCtx(world), { id: `bad${i}` });
  edges.behave({ body: '{"status":"healthy","load":{"cpu_percent":null,"active_connections":-3}}' }, [0]);
  edges.behave({ body: '{"status":"healthy","load":{"cpu_percent":1e999}}' }, [1]);
  await wave(GOOD);
  const seen = await observed(world);
  expect(seen.get("n0")).toMatchObject({ health: "unhealthy", cpu_usage: 10, active_connections: 0 });
  expect(seen.get("n1")).toMatchObject({ health: "unhealthy", cpu_usage: 11, active_connections: 1 });
});
