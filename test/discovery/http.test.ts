import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDiscovery } from "../../functions/http/discovery.ts";
import { makeService } from "../../functions/http/service.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";
import { type Edge, json, startEdge } from "./edge.ts";

let world: TestWorld;
let gateway: Gateway;
let there: Edge;
let key: string;

beforeAll(async () => {
  world = await openTestWorld();
  key = await serviceKey(world, ["nodes:write"]);
  const discovery = makeDiscovery(() => world);
  const service = makeService(() => world);
  const others = Object.fromEntries(Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, service]));
  const functions = { ...others, discovery } as FunctionHandlers;
  gateway = await startGateway({
    port: 0,
    functions: () => functions,
  });
  there = await startEdge({ "/identity": json({ node_id: "over-http" }) });
});
afterAll(async () => {
  await there.close();
  await gateway.close();
  await world.close();
});

async function ask(
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${gateway.origin}/admin/api/v1/discovery/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const told = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers: answer.headers, body: told };
}

test("discover: 201 with the node, its tag and its place; the same key again gets the same answer; then 409", async () => {
  const first = await ask("POST", "discover", { endpoint: there.origin }, { "idempotency-key": "once" });
  expect(first).toMatchObject({ status: 201, body: { id: "over-http", status: "discovered" } });
  expect(first.headers.get("etag")).toBe('"1"');
  expect(first.headers.get("location")).toBe("/api/v1/nodes/over-http");
  const repeated = await ask("POST", "discover", { endpoint: there.origin }, { "idempotency-key": "once" });
  expect(repeated).toMatchObject({ status: 201, body: first.body });
  const again = await ask("POST", "discover", { endpoint: there.origin });
  expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining("over-http") } });
});

test("batch: 207 when some failed, 200 when none did", async () => {
  const fresh = await startEdge({ "/identity": json({ node_id: "fresh" }) });
  try {
    const whole = await ask("POST", "batch", { endpoints: [fresh.origin] });
    expect(whole).toMatchObject({ status: 200, body: { discovered: 1, failed: 0, errors: [] } });
    const part = await ask("POST", "batch", { endpoints: [fresh.origin] });
    expect(part).toMatchObject({ status: 207, body: { discovered: 0, failed: 1 } });
  } finally {
    await fresh.close();
  }
});

test("unreachable is 502, not allowed 403, an address that may not be contacted 422, a bad network 400", async () => {
  const gone = await startEdge({});
  await gone.close();
  expect(await ask("POST", "discover", { endpoint: gone.origin })).toMatchObject({ status: 502 });
  expect(await ask("GET", "scan?network=8.8.8.0/24")).toMatchObject({ status: 403 });
  expect(await ask("POST", "discover", { endpoint: "http://10.0.0.1" })).toMatchObject({
    status: 422,
    body: { errors: [{ path: "endpoint" }] },
  });
  expect(await ask("GET", "scan?network=8.8.0.0/16")).toMatchObject({
    status: 400,
    body: { errors: [{ path: "network" }] },
  });
});

test("only an admin may", async () => {
  for (const [method, path] of [
    ["POST", "discover"],
    ["POST", "batch"],
    ["GET", "scan?network=127.0.0.1"],
  ] as const) {
    const body = method === "POST" ? {} : undefined;
    expect(await ask(method, path, body, { authorization: "Bearer wrong" })).toMatchObject({ status: 401 });
  }
});
