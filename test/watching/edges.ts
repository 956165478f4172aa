import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Cells, type NodeObservation, type SweepUnit } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { type SweepReport, Watching } from "../../core/watching/index.ts";
import { adminCtx } from "../world/index.ts";

/** How an edge answers: as it says itself, with status 500, by closing the connection, not at all, or in these words. */
export type Manner = "healthy" | "degraded" | "error" | "closed" | "silent" | { readonly body: string };

export interface Edges {
  /** Base URL of the edge of this number. */
  endpoint(i: number): string;
  /** Sets how edges answer; all of them when none is named. */
  behave(manner: Manner, which?: readonly number[]): void;
  /** Probes answered or left unanswered since the start, by edge. */
  readonly asked: number[];
  close(): Promise<void>;
}

/** Edge nodes on loopback: one server, a path each. */
export async function startEdges(count: number): Promise<Edges> {
  const manners = new Array<Manner>(count).fill("healthy");
  const asked = new Array<number>(count).fill(0);
  const server = createServer((request, response) => {
    const i = Number(request.url?.split("/")[2]);
    asked[i]! += 1;
    const manner = manners[i]!;
    if (manner === "silent") return;
    if (manner === "closed") return void request.socket.destroy();
    if (manner === "error") return void response.writeHead(500).end("oh no");
    const load = { cpu_percent: 10 + (i % 50), memory_percent: 40, active_connections: i, capacity: 100 };
    response.setHeader("content-type", "application/json");
    response.end(typeof manner === "string" ? JSON.stringify({ status: manner, load }) : manner.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: (i) => `http://127.0.0.1:${port}/edge/${i}`,
    behave(manner, which = manners.keys().toArray()) {
      for (const i of which) manners[i] = manner;
    },
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Registers edges as active nodes `n0`, `n1`, … spread over the Earth. */
export async function registerEdges(world: World, edges: Edges, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await Nodes.register(adminCtx(world), {
      node_id: `n${i}`,
      name: `edge ${i}`,
      location: { lat: ((i * 37) % 160) - 80, lng: ((i * 101) % 360) - 180 },
      endpoint: edges.endpoint(i),
    });
  }
}

/** Every unit there is. */
export async function allUnits(world: World): Promise<SweepUnit[]> {
  const units: SweepUnit[] = [];
  for await (const unit of Cells.units(world)) units.push(unit);
  return units;
}

/** Carries out a wave over the whole fleet, unit after unit, as one worker would. */
export async function sweepFleet(world: World, wave: number): Promise<SweepReport[]> {
  const units = await allUnits(world);
  const reports: SweepReport[] = [];
  for (const unit of units) {
    const report = await Watching.sweep(world, { ...unit, wave, units: units.length });
    if (report) reports.push(report);
  }
  return reports;
}

/** What the cells hold of every node. */
export async function observed(world: World): Promise<Map<string, NodeObservation>> {
  const all = new Map<string, NodeObservation>();
  for await (const { cells } of Cells.units(world)) {
    for (const state of await Cells.read(world, cells)) {
      for (const [id, observation] of state.observed?.nodes ?? []) all.set(id, observation);
    }
  }
  return all;
}

/** How many nodes have each health: as the cells have it, and as the records do. */
export async function healths(
  world: World,
): Promise<{ cells: Record<string, number>; records: Record<string, number> }> {
  const count = (all: Iterable<string>) =>
    Object.fromEntries([...Map.groupBy(all, (one) => one)].map(([health, of]) => [health, of.length]));
  const ids = [...(await observed(world)).keys()];
  const records = await Promise.all(ids.map((id) => Nodes.find(world, id, { consistent: true })));
  return {
    cells: count([...(await observed(world)).values()].map(({ health }) => health)),
    records: count(records.map((record) => record?.health ?? "none")),
  };
}
