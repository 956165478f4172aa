import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { DemoCity } from "./cities.ts";
import { firstLoad, type Load, walk } from "./load.ts";

export interface DemoNode {
  readonly id: string;
  readonly city: DemoCity;
  readonly endpoint: string;
  readonly capacity: number;
  /** Stops answering at all, as a machine that lost its power; `revive` brings it back on the same address. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** Answers 500 to everything while `failing`. */
  setFailing(failing: boolean): void;
  /** Moves its load on by a step. */
  step(): void;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** An edge node as Arx expects one (`/health`, `/identity`, `/process`), on a port of its own on loopback. */
export async function startDemoNode(
  city: DemoCity,
  capacity: number,
  random: () => number,
): Promise<DemoNode> {
  const id = `edge-${city.slug}`;
  const startedAt = new Date().toISOString();
  let load: Load = firstLoad(capacity, random);
  let serving = 0;
  let failing = false;
  let endpoint = "";

  const health = () => ({
    status: load.cpu > 90 ? "degraded" : "healthy",
    load: {
      cpu_percent: round(Math.min(100, load.cpu + serving)),
      memory_percent: round(load.memory),
      active_connections: Math.min(capacity, Math.round(load.background) + serving),
      capacity,
    },
    timestamp: new Date().toISOString(),
  });
  const identity = () => ({
    node_id: id,
    name: city.name,
    location: { x: city.lng, y: city.lat },
    capabilities: ["demo"],
    capacity: { max_concurrent: capacity, cpu_cores: 4, memory_gb: 8 },
    endpoints: { health: "/health", process: "/process" },
    version: "demo",
    startup_time: startedAt,
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?")[0];
    if (failing) send(response, 500, { error: `${id} is failing for the demo` });
    else if (request.method === "GET" && path === "/health") send(response, 200, health());
    else if (request.method === "GET" && path === "/identity") send(response, 200, identity());
    else if (request.method === "POST" && path === "/process") await process(request, response);
    else send(response, 404, { error: "Not found" });
  }

  async function process(request: IncomingMessage, response: ServerResponse): Promise<void> {
    serving++;
    try {
      const asked = await readJson(request);
      const took = 5 + random() * 20;
      await sleep(took);
      send(response, 200, { node_id: id, node: city.name, took_ms: round(took), echo: asked });
    } catch (error) {
      if (!response.destroyed) send(response, 400, { error: (error as Error).message });
    } finally {
      serving--;
    }
  }

  let server: Server | undefined;
  let port = 0;
  async function revive(): Promise<void> {
    if (server) return;
    const next = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve, reject) => {
      next.once("error", reject);
      next.listen(port, "127.0.0.1", resolve);
    });
    server = next;
    port = (next.address() as AddressInfo).port;
    endpoint = `http://127.0.0.1:${port}`;
  }

  await revive();
  return {
    id,
    city,
    endpoint,
    capacity,
    revive,
    async kill() {
      const killed = server;
      if (!killed) return;
      server = undefined;
      const closed = new Promise((resolve) => killed.close(resolve));
      killed.closeAllConnections();
      await closed;
    },
    setFailing(next) {
      failing = next;
    },
    step() {
      load = walk(load, capacity, random);
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Error("The body is too large");
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
