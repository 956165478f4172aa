import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { BadNode, NodeTimeout } from "../../core/errors.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { Routing } from "../../core/routing/index.ts";
import { freePort } from "../../scripts/local/dynamodb.ts";
import { member, observeAll, Truth } from "../cells/fleet.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edge, json, startEdge } from "./edges.ts";

const HERE = { lat: 47.3769, lng: 8.5417 };
const TIMEOUT_MS = 400;

let world: TestWorld;
let ctx: Ctx;
let good: Edge;
let truth: Truth;
let wave = 0;
const edges: Edge[] = [];

beforeAll(async () => {
  world = await openTestWorld({ config: { FORWARD_TIMEOUT_MS: TIMEOUT_MS, ROUTE_CACHE_TTL_MS: 0 } });
  good = await startEdge();
});
afterAll(async () => {
  await good.close();
  await world.close();
});
beforeEach(() => {
  // A router that remembers nothing of the suite's other nodes and their failures.
  ctx = {
    ...adminCtx(coldWorld(world)),
    requestId: "req-1",
    traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
  };
  good.sent.length = 0;
  truth = new Truth();
});
afterEach(async () => {
  await truth.tell(world, truth.drop(...truth.members.keys()));
  await Promise.all(edges.splice(0).map((edge) => edge.close()));
});

/** Nodes north of each other, the first the nearest; `nearest` with k = 3 over equal loads orders by chance, so tests ask for what holds always. */
async function fleet(endpoints: readonly string[]): Promise<void> {
  const members = endpoints.map((endpoint, i) => member(`n${i}`, 47.38 + i / 100, 8.54, { endpoint }));
  await truth.tell(world, truth.put(...members));
  await observeAll(world, ++wave, world.now());
}

async function edge(answer: Parameters<typeof startEdge>[0]): Promise<string> {
  const started = await startEdge(answer);
  edges.push(started);
  return started.endpoint;
}

async function recorded(requestId: string): Promise<Record<string, unknown>> {
  const { Items = [] } = await world.store.doc.send(
    new ScanCommand({ TableName: world.store.table(REQUESTS) }),
  );
  return Items.find((item) => item.request_id === requestId)!;
}

const ask = (request_id: string) => ({ request_id, coordinates: HERE, payload: { n: 1 } });

test("a payload is forwarded, and the node's answer comes back", async () => {
  await fleet([good.endpoint]);
  const answer = await Routing.route(ctx, {
    ...ask("whole"),
    headers: { "x-shop": "7" },
    metadata: { m: 1 },
    client_info: { app: "a" },
  });
  expect(good.sent).toHaveLength(1);
  const [sent] = good.sent;
  expect(sent!.path).toBe("/process");
  expect(sent!.headers).toMatchObject({ "x-request-id": "req-1", traceparent: ctx.traceparent });
  const body = {
    request_id: "whole",
    payload: { n: 1 },
    headers: { "x-shop": "7" },
    metadata: { m: 1 },
    client_info: { app: "a" },
  };
  expect(sent!.body).toEqual(body);
  expect(answer.response_data).toEqual({ got: body });
  expect(answer.metrics).toMatchObject({ node_id: "n0", attempts: 1 });
  expect(await recorded("whole")).toMatchObject({ status: "completed", selected_node_id: "n0" });
});

test("nothing is forwarded without a payload, or when told not to", async () => {
  await fleet([good.endpoint]);
  const { payload: _, ...bare } = ask("bare");
  expect(await Routing.route(ctx, bare)).not.toHaveProperty("response_data");
  expect(await Routing.route(ctx, { ...ask("not"), forward: false })).not.toHaveProperty("response_data");
  expect(good.sent).toEqual([]);
  expect((await Routing.route(ctx, { ...bare, forward: true })).metrics!.attempts).toBe(1);
});

const BAD: readonly [string, () => Promise<string>][] = [
  ["refuses the connection", async () => `http://127.0.0.1:${await freePort()}`],
  ["answers 500", () => edge((response) => json(response, 500, {}))],
  ["answers 302", () => edge((response) => response.writeHead(302, { location: good.endpoint }).end())],
  ["resets", () => edge((response) => response.socket!.destroy())],
  ["never answers", () => edge(() => {})],
  [
    "answers JSON that is none",
    () => edge((response) => response.setHeader("content-type", "application/json").end("{")),
  ],
  ["answers more than it may", () => edge((response) => response.end("x".repeat(300 * 1024)))],
  ["drips", () => edge((response) => void setInterval(() => response.write("x"), 50).unref())],
];

describe("fail-over", () => {
  test.each(BAD)("a node that %s is passed over for the next", async (_, start) => {
    const bad = await start();
    await fleet([bad, bad, good.endpoint]);
    const answer = await Routing.route(ctx, ask("over"));
    expect(answer.routed_to.id).toBe("n2");
    expect(answer.metrics!.attempts).toBeGreaterThanOrEqual(1);
    expect(good.sent).toHaveLength(1);
  });

  test.each(BAD)("when every node %s, it says so, and the attempts are on record", async (what, start) => {
    const bad = await start();
    await fleet([bad, bad]);
    const failed = await Routing.route(ctx, ask(what)).catch((error: unknown) => error);
    const slow = what === "never answers" || what === "drips";
    expect(failed).toBeInstanceOf(slow ? NodeTimeout : BadNode);
    const item = await recorded(what);
    expect(item.status).toBe("failed");
    expect(item).not.toHaveProperty("selected_node_id");
    expect(attemptsOf(item)).toHaveLength(2);
  });

  test("a 4xx is the node's own answer", async () => {
    const picky = await edge((response) => json(response, 422, { why: "no" }));
    await fleet([picky]);
    const answer = await Routing.route(ctx, ask("picky"));
    expect(answer.response_data).toEqual({ why: "no" });
    expect(answer.metrics!.attempts).toBe(1);
  });
});

function attemptsOf(item: Record<string, unknown>): unknown[] {
  const metrics = item.processing_metrics;
  return ((typeof metrics === "string" ? JSON.parse(metrics) : metrics) as { attempts: unknown[] }).attempts;
}

test("reliability 14: a node that fails fast gains no traffic", async () => {
  let failed = 0;
  const fast = await edge((response) => {
    failed++;
    json(response, 500, {});
  });
  await fleet([fast, good.endpoint, good.endpoint]);
  const routes = Number(process.env.ARX_FAST_FAILURES ?? 150);
  for (let i = 0; i < routes; i++) await Routing.route(ctx, ask("many"));
  console.log(
    `fast failures: ${failed} attempts in ${routes} routes, a fair share would be ${Math.round(routes / 3)}`,
  );
  expect(failed).toBeLessThan(routes / 6);
  expect(good.sent).toHaveLength(routes);
});
