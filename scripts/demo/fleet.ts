import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { CITIES } from "./cities.ts";
import { isFailing } from "./load.ts";
import { type DemoNode, startDemoNode } from "./node.ts";

/** What the fleet's process tells the one that started it, once all nodes answer. */
export interface FleetReady {
  readonly control: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string;
    readonly region: string;
    readonly lat: number;
    readonly lng: number;
    readonly endpoint: string;
    readonly capacity: number;
  }[];
}

/** Which one fails now and then. */
const UNSTEADY = "edge-stockholm";

// The demo fleet: every node a real HTTP server, all in this process, which ends with the one that started it.
process.once("disconnect", () => process.exit(0));
process.on("SIGINT", () => {});
process.on("SIGTERM", () => process.exit(0));

const intervalMs = Number(process.argv[2]);
const nodes = new Map<string, DemoNode>();
for (const [at, city] of CITIES.entries()) {
  const node = await startDemoNode(city, 50 + (at % 4) * 50, Math.random);
  nodes.set(node.id, node);
}
const began = performance.now();
setInterval(() => {
  for (const node of nodes.values()) node.step();
  nodes.get(UNSTEADY)?.setFailing(isFailing(performance.now() - began, intervalMs));
}, 1000);

const control = createServer((request, response) => {
  void command(request.method, request.url ?? "").then(([status, said]) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${said}\n`);
  });
});
await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));

const ready: FleetReady = {
  control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
  nodes: [...nodes.values()].map(({ id, city: { name, region, lat, lng }, endpoint, capacity }) => {
    return { id, name, region, lat, lng, endpoint, capacity };
  }),
};
process.send?.(ready);

async function command(method: string | undefined, url: string): Promise<[number, string]> {
  const [, verb, id] = url.split("/");
  const node = nodes.get(id ?? "");
  if (verb !== "kill" && verb !== "revive") return [404, "POST /kill/{id} or /revive/{id}"];
  if (method !== "POST") return [405, "Use POST"];
  if (!node) return [404, `There is no node ${id ?? ""}: ${[...nodes.keys()].join(", ")}`];
  try {
    await node[verb]();
    return [200, verb === "kill" ? `${node.id} is dead` : `${node.id} is back`];
  } catch (error) {
    return [500, (error as Error).message];
  }
}
