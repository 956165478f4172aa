import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Discovery } from "../../core/discovery/index.ts";
import { Invalid } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { createOutbound, OutboundError } from "../../core/outbound/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edge, flood, json, startEdge, status, text } from "./edge.ts";

let world: TestWorld;
let ctx: Ctx;
const edges: Edge[] = [];

beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(async () => {
  await Promise.all(edges.map((edge) => edge.close()));
  await world.close();
});

async function edge(...given: Parameters<typeof startEdge>): Promise<Edge> {
  const started = await startEdge(...given);
  edges.push(started);
  return started;
}

test("of a mixed batch the good ones become nodes, and every other one is told of by its endpoint", async () => {
  const good = await Promise.all(
    ["b-1", "b-2", "b-3"].map((node_id) => edge({ "/identity": json({ node_id, name: node_id }) })),
  );
  const plain = await edge({ "/health": text("fine") });
  const bad = await Promise.all([edge({ "/identity": text("no") }), edge({ "/identity": flood }), edge({})]);
  const broken = await edge({ "/identity": status(500) });
  const twin = await edge({ "/identity": json({ node_id: "b-1" }) });
  const gone = await startEdge({});
  await gone.close();
  const fine = [...good, plain].map(({ origin }) => origin);
  const failing = [...bad, broken, gone]
    .map(({ origin }) => origin)
    .concat("http://10.1.2.3", "http://127.0.0.1:9001");
  // The twin comes last, so that the first of the two is the one that gets the id.
  const answer = await Discovery.batch(ctx, { endpoints: [...fine, ...failing] });
  expect(answer.discovered).toBe(4);
  expect(answer.nodes.map(({ endpoint }) => endpoint)).toEqual(fine);
  expect(answer.failed).toBe(failing.length);
  expect(answer.errors.map(({ endpoint }) => endpoint)).toEqual(failing);
  for (const { error } of answer.errors) expect(error.length).toBeGreaterThan(10);

  const second = await Discovery.batch(ctx, { endpoints: [twin.origin] });
  expect(second).toMatchObject({ discovered: 0, failed: 1, nodes: [] });
  expect(second.errors[0]?.error).toContain("already known as b-1");
});

test("the same batch again makes no second node: each is already known", async () => {
  const there = await Promise.all(
    ["again-1", "again-2"].map((node_id) => edge({ "/identity": json({ node_id }) })),
  );
  const endpoints = there.map(({ origin }) => origin);
  const first = await Discovery.batch(ctx, { endpoints });
  expect(first).toMatchObject({ discovered: 2, failed: 0, errors: [] });
  const before = await Nodes.get(ctx, { id: "again-1" });
  const second = await Discovery.batch(ctx, { endpoints });
  expect(second).toMatchObject({ discovered: 0, failed: 2 });
  expect(second.errors.map(({ error }) => error)).toEqual(
    endpoints.map((endpoint, at) => `${endpoint} is already known as again-${at + 1}.`),
  );
  expect(await Nodes.get(ctx, { id: "again-1" })).toEqual(before);
});

test("no more than 64 are looked at at once, and all 256 are looked at", async () => {
  let open = 0;
  let most = 0;
  const counting = {
    ...createOutbound({ allowLoopback: true }),
    request: async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      throw new OutboundError("timeout", "It did not answer in time.");
    },
  };
  const endpoints = Array.from({ length: 256 }, (_, at) => `http://127.0.1.${at}`);
  const answer = await Discovery.batch({ ...ctx, outbound: counting }, { endpoints });
  expect(answer).toMatchObject({ discovered: 0, failed: 256 });
  expect(most).toBe(64);
});

test("those that time ran out for are told of too", async () => {
  let at = Date.now();
  const endpoints = Array.from({ length: 10 }, (_, index) => `http://10.0.0.${index}`);
  const answer = await Discovery.batch({ ...ctx, now: () => (at += 5000) }, { endpoints });
  expect(answer.failed).toBe(10);
  expect(answer.errors.map(({ endpoint }) => endpoint)).toEqual(endpoints);
  expect(answer.errors.filter(({ error }) => error.startsWith("Not looked at"))).toHaveLength(6);
});

test("a fault of ours fails its own address alone, and its words stay inside", async () => {
  const there = await edge({ "/identity": json({ node_id: "beside-a-fault" }) });
  const faulty = {
    close: () => {},
    request: async (request: Parameters<typeof world.outbound.request>[0]) => {
      if (request.url.startsWith("http://127.0.9.9")) throw new TypeError("secret of the house");
      return world.outbound.request(request);
    },
  };
  const answer = await Discovery.batch(
    { ...ctx, outbound: faulty },
    { endpoints: ["http://127.0.9.9", there.origin] },
  );
  expect(answer).toMatchObject({ discovered: 1, failed: 1 });
  expect(JSON.stringify(answer)).not.toContain("secret");
});

test.each([
  [{ endpoints: [] }, "endpoints"],
  [{}, "endpoints"],
  [{ endpoints: "http://127.0.0.1" }, "endpoints"],
  [{ endpoints: ["http://127.0.0.1", "http://127.0.0.1"] }, "endpoints"],
  [{ endpoints: ["http://127.0.0.1", "http://127.0.0.1:80/"] }, "endpoints"],
  [{ endpoints: Array.from({ length: 257 }, (_, at) => `http://127.0.0.1:${at + 1}`) }, "endpoints"],
  [{ endpoints: ["http://127.0.0.1", "gopher://127.0.0.1"] }, "endpoints.1"],
])("a batch that does not fit is refused whole (%#)", async (input, field) => {
  const refused = await Discovery.batch(ctx, input as never).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Invalid);
  expect((refused as Invalid).issues.map(({ path }) => path)).toContain(field);
});
