import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod/mini";
import { Cells } from "../../core/cells/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Invalid, NotFound } from "../../core/errors.ts";
import { iso } from "../../core/id.ts";
import { Metrics } from "../../core/metrics/index.ts";
import { historyView } from "../../core/metrics/schema.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edges, registerEdges, startEdges, sweepFleet } from "./edges.ts";

const START = 1_800_000_000_000;
let world: TestWorld;
let ctx: Ctx;
let edges: Edges;
let now = START;

beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
  ctx = adminCtx(world);
  edges = await startEdges(2);
  await registerEdges(world, edges, 2);
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

const load = (cpu_usage: number) => ({ cpu_usage, memory_usage: undefined, active_connections: 2 });

test("sweeps every 30 s keep one sample a minute, of nodes that answered", async () => {
  for (let i = 0; i < 6; i++) {
    if (i === 4) edges.behave("error", [1]);
    await sweepFleet(world, now / 1000);
    now += 30_000;
  }
  const n0 = await Metrics.ofNode(ctx, { edge_id: "n0" });
  expect(z.safeParse(historyView, n0).error).toBeUndefined();
  expect(n0).toMatchObject({ edge_id: "n0", since: iso(now - 3_600_000), until: iso(now), bucket_s: 60 });
  expect(n0.points).toEqual(
    [0, 1, 2].map((minute) => ({
      at: iso(START + minute * 60_000),
      samples: 1,
      cpu_usage: 10,
      memory_usage: 40,
      active_connections: 0,
    })),
  );
  const n1 = await Metrics.ofNode(ctx, { edge_id: "n1" });
  expect(n1.totals).toEqual({
    samples: 2,
    cpu_usage: { avg: 11, max: 11 },
    memory_usage: { avg: 40, max: 40 },
    active_connections: { avg: 1, max: 1 },
  });
});

test("a node's history is found under every prefix of its key, for cells split and merge, and where it was before it moved", async () => {
  now = START + 86_400_000;
  const key = Cells.keyOf((await Nodes.find(world, "n0"))!);
  const elsewhere = { lat: 1, lng: 1 };
  const prefixes = [1, 2, 9, 33, 60, key.length].map((length) => key.slice(0, length));
  const cells = [...prefixes, Cells.keyOf({ id: "n0", ...elsewhere }).slice(0, 12)];
  for (const [i, cell] of cells.entries())
    await Metrics.record(world, cell, now + i * 60_000, [["n0", load(i)]]);
  const asked = { edge_id: "n0", since: iso(now), until: iso(now + 3_600_000) };
  expect((await Metrics.ofNode(ctx, asked)).points.map(({ cpu_usage }) => cpu_usage)).toEqual([
    0, 1, 2, 3, 4, 5,
  ]);
  await Metrics.moved(world, "n0", elsewhere, now + 600_000);
  expect((await Metrics.ofNode(ctx, asked)).points.map(({ cpu_usage }) => cpu_usage)).toEqual([
    0, 1, 2, 3, 4, 5, 6,
  ]);
});

test("seven days of a minute each are all there, as means of buckets", async () => {
  now = START + 30 * 86_400_000;
  const cell = Cells.keyOf((await Nodes.find(world, "n1"))!).slice(0, 5);
  const minutes = Array.from({ length: 7 * 24 * 2 }, (_, i) => now - i * 1_800_000);
  for (let start = 0; start < minutes.length; start += 50) {
    const some = minutes.slice(start, start + 50);
    await Promise.all(some.map((at) => Metrics.record(world, cell, at, [["n1", load(50)]])));
  }
  const week = await Metrics.ofNode(ctx, { edge_id: "n1", since: iso(now - 7 * 86_400_000) });
  expect(week.totals).toMatchObject({ samples: minutes.length, cpu_usage: { avg: 50, max: 50 } });
  expect(week.points.length).toBeLessThanOrEqual(720);
  expect(week.points.reduce((sum, { samples }) => sum + samples, 0)).toBe(minutes.length);
});

test("bad ranges are invalid and name the field; an unknown node is not found", async () => {
  const since = (ms: number) => Metrics.ofNode(ctx, { edge_id: "n1", since: iso(now - ms), until: iso(now) });
  await expect(since(-1)).rejects.toThrow(Invalid);
  await expect(since(8 * 86_400_000)).rejects.toMatchObject({ issues: [{ path: "since" }] });
  await expect(Metrics.ofNode(ctx, { edge_id: "nobody" })).rejects.toThrow(NotFound);
  await expect(Metrics.ofNode(ctx, { edge_id: "n1", bucket_s: "soon" })).rejects.toThrow(Invalid);
});
