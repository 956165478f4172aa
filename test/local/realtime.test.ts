import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ArxEvent, type Client, createClient } from "../../client/index.ts";
import { freePort } from "../../scripts/local/dynamodb.ts";
import { ADMIN, eventually, type LocalRun, logIn, ready, startMain } from "./child.ts";

const LONG = 240_000;
/** Kills of the last test. */
const KILLS = Number(process.env.ARX_KILLS ?? 2);

const runs: LocalRun[] = [];
let edge: Server;
let endpoint: string;
const ill = new Set<string>();

beforeAll(async () => {
  edge = createServer((request, response) => {
    const [, id] = request.url!.split("/");
    response.writeHead(ill.has(id!) ? 503 : 200, { "content-type": "application/json" });
    response.end('{"status":"healthy","load":{"cpu_percent":12,"active_connections":3}}');
  });
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
});

afterAll(() => {
  edge.closeAllConnections();
  edge.close();
});

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill("SIGKILL");
    await run.ended;
  }
});

async function start(args: string[], port: number): Promise<{ run: LocalRun; arx: Client }> {
  const run = startMain([...args, "--port", String(port)], {
    ...ADMIN,
    HEALTH_CHECK_INTERVAL: "1",
    HEALTH_FAILURE_THRESHOLD: "2",
  });
  runs.push(run);
  const baseUrl = `http://127.0.0.1:${port}`;
  await ready(run, baseUrl);
  return { run, arx: createClient({ baseUrl, token: await logIn(baseUrl) }) };
}

/** Collects what a stream gives, until `isDone` says so of all of it. */
async function collect(
  stream: AsyncIterable<ArxEvent>,
  isDone: (seen: ArxEvent[]) => boolean,
): Promise<ArxEvent[]> {
  const seen: ArxEvent[] = [];
  for await (const event of stream) {
    seen.push(event);
    if (isDone(seen)) break;
  }
  return seen;
}

const node = (id: string, at = { lat: 47, lng: 8 }) => ({
  id,
  name: `Node ${id}`,
  location: at,
  endpoint: `${endpoint}/${id}`,
  auto_start: true,
});

test("what changes is seen: a node registers, is seen healthy, is routed to, falls ill, and goes", {
  timeout: LONG,
}, async () => {
  const { arx } = await start(["--memory"], await freePort());
  const everything = arx.connect({ pingEveryMs: 1000 });
  const far = arx.connect({ cells: ["r"] });
  const live = Promise.withResolvers<void>();
  everything.onState(({ state }) => state === "live" && live.resolve());
  const farLive = Promise.withResolvers<void>();
  far.onState(({ state }) => state === "live" && farLive.resolve());
  const types = new Set<string>();
  const health: unknown[] = [];
  const seen = collect(everything, (events) => {
    const { type, data } = events.at(-1)!;
    types.add(type);
    if (type === "node_health_updated" && data.id === "a") health.push(data.status);
    return type === "node_deleted" && data.node_id === "a";
  });
  const seenFar = collect(far, (events) => events.at(-1)!.type === "node_deleted");
  await Promise.all([live.promise, farLive.promise]);

  await arx.registerNodeAsAdmin(node("a"));
  await arx.registerNodeAsAdmin(node("b", { lat: -36.8, lng: 174.7 }));
  await eventually(
    () => arx.getNodeStatus({ id: "a" }),
    ({ status }) => status === "healthy",
  );
  await arx.route({ request_id: "r-1", coordinates: { lat: 47, lng: 8 }, payload: { hello: "edge" } });
  ill.add("a");
  await eventually(
    () => arx.getNodeStatus({ id: "a" }),
    ({ status }) => status === "unhealthy",
  );
  await arx.updateNode({ id: "a", name: "Renamed" });
  await arx.drainNode({ id: "b" });
  await arx.deleteNode({ id: "b" });
  await arx.deleteNode({ id: "a" });

  const events = await seen;
  expect([...types]).toEqual(
    expect.arrayContaining([
      "node_registered",
      "node_health_updated",
      "route_request",
      "request_completed",
      "node_updated",
      "node_draining",
      "node_deleted",
    ]),
  );
  expect(health).toContain("healthy");
  expect(health.at(-1)).toBe("unhealthy");
  const ids = events.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
  const routed = events.find(({ type }) => type === "route_request");
  expect(routed?.data).toMatchObject({ request_id: "r-1", selected_node_id: "a", status: "completed" });
  const farEvents = await seenFar;
  expect(farEvents.length).toBeGreaterThan(1);
  expect(farEvents.map(({ data }) => (data as { id?: string }).id)).not.toContain("a");
});

test("killed and started again on its data, it tells a client all that was acknowledged, once", {
  timeout: LONG,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "arx-realtime-"));
  try {
    const port = await freePort();
    let { run, arx } = await start(["--data", directory], port);
    const stream = arx.connect({
      types: ["node_registered", "node_deleted"],
      backoffMaxMs: 500,
      pingEveryMs: 500,
      pongWithinMs: 500,
    });
    const live = Promise.withResolvers<void>();
    stream.onState(({ state }) => state === "live" && live.resolve());
    const made: string[] = [];
    const seen = collect(stream, (events) => events.at(-1)!.type === "node_deleted");
    await live.promise;
    for (let kill = 0; kill < KILLS; kill++) {
      for (let i = 0; i < 5; i++) {
        const id = `n${kill}-${i}`;
        const { node: registered } = await arx.registerNodeAsAdmin(node(id));
        made.push(registered.id);
      }
      // At once after the last answer: its event is in no log yet.
      run.kill("SIGKILL");
      await run.ended;
      ({ run, arx } = await start(["--data", directory], port));
    }
    await arx.registerNodeAsAdmin(node("last"));
    await arx.deleteNode({ id: "last" });
    const events = await seen;
    const registered = events
      .filter(({ type }) => type === "node_registered")
      .map(({ data }) => (data as { id: string }).id);
    expect(registered).toEqual([...made, "last"]);
  } finally {
    for (const one of runs.splice(0)) {
      one.kill("SIGKILL");
      await one.ended;
    }
    rmSync(directory, { recursive: true, force: true });
  }
});
