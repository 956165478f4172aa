import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { Cells } from "../../../core/cells/index.ts";
import type { World } from "../../../core/ctx.ts";
import { type NodeRecord, Nodes } from "../../../core/nodes/index.ts";
import { itemOfNode, NODES } from "../../../core/nodes/items.ts";

/** Starts the health servers. @returns the ports, and what ends them. */
export async function startServers(ports: number): Promise<{ ports: number[]; close(): void }> {
  const script = fileURLToPath(new URL("./servers.ts", import.meta.url));
  const child = fork(script, [String(ports)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const listening = await new Promise<number[]>((resolve, reject) => {
    child.once("message", (message) => resolve(message as number[]));
    child.once("exit", (code) => reject(new Error(`The health servers ended with code ${code}.`)));
  });
  return { ports: listening, close: () => child.disconnect() };
}

/** Stores a fleet that was seen healthy in every sweep so far: nodes over the whole Earth, their cells, and an observation of each. */
export async function storeFleet(world: World, count: number, ports: readonly number[]): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => recordOf(world, i, ports[i % ports.length]!));
  for (let start = 0; start < count; start += 25) {
    const puts = records
      .slice(start, start + 25)
      .map((record) => ({ PutRequest: { Item: itemOfNode(record) } }));
    await world.store.doc.send(new BatchWriteCommand({ RequestItems: { [world.store.table(NODES)]: puts } }));
  }
  // In the order of their cells, so that a transaction touches few of them.
  const placed = records.toSorted((a, b) => (Cells.keyOf(a) < Cells.keyOf(b) ? -1 : 1));
  for (let start = 0; start < count; start += 25) {
    const touches = placed.slice(start, start + 25).map((record) => Nodes.touchOf(null, record));
    if (!(await Cells.reflect(world, touches, Nodes.memberSource(world))))
      throw new Error("Cells could not be made.");
  }
  await observeAll(world);
}

async function observeAll(world: World): Promise<void> {
  for await (const { cells } of Cells.units(world)) {
    for (const state of await Cells.read(world, cells)) {
      const seen = { cpu_usage: 30, memory_usage: 60, active_connections: 10, active_agents: 0 };
      const nodes = state.members.map(
        ({ id, epoch }) =>
          [id, { epoch, health: "healthy" as const, ...seen, failures: 0, successes: 9 }] as const,
      );
      const at = world.now();
      await Cells.writeObservation(world, state.cell, state.observed, {
        wave: Math.floor(at / 1000),
        at,
        nodes: new Map(nodes),
      });
    }
  }
}

function recordOf(world: World, i: number, port: number): NodeRecord {
  const lat = (Math.asin(2 * world.random() - 1) * 180) / Math.PI;
  const endpoint = `http://127.0.0.1:${port}/edge/${i}`;
  return {
    id: `node-${i}`,
    name: `Node ${i}`,
    endpoint,
    role: "edge",
    region: "eu-central",
    labels: ["gpu", "bench"],
    services: [],
    lat: Math.round(lat * 1e7) / 1e7,
    lng: Math.round((world.random() * 360 - 180) * 1e7) / 1e7,
    capacity: 100,
    capabilities: {},
    metadata: {},
    origin: "registered",
    desired_state: "active",
    health: "healthy",
    epoch: 1,
    created_at: world.now(),
    updated_at: world.now(),
    revision: 1,
  };
}
