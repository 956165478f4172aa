import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Discovery } from "../../core/discovery/index.ts";
import { BadNode, Conflict, Invalid } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edge, flood, json, redirect, startEdge, status, text } from "./edge.ts";

let world: TestWorld;
let ctx: Ctx;
const edges: Edge[] = [];

beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());
afterEach(async () => {
  await Promise.all(edges.splice(0).map((edge) => edge.close()));
});

async function edge(...given: Parameters<typeof startEdge>): Promise<Edge> {
  const started = await startEdge(...given);
  edges.push(started);
  return started;
}

async function nodeCount(): Promise<number> {
  let count = 0;
  for await (const _ of Nodes.all(ctx)) count += 1;
  return count;
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "no refusal",
    (error: unknown) => error,
  );
}

test("a node that introduces itself is taken up as discovered, with what it says", async () => {
  const there = await edge({
    "/identity": json({
      node_id: "found-1",
      name: "Found 1",
      location: { x: 8.54, y: 47.37 },
      capabilities: ["gpu"],
      capacity: { max_concurrent: 250, cpu_cores: 8 },
      endpoints: { health: "/healthz" },
      version: "1.4.2",
    }),
  });
  const node = await Discovery.discover(ctx, { endpoint: there.origin });
  expect(node).toMatchObject({
    id: "found-1",
    name: "Found 1",
    status: "discovered",
    desired_state: "discovered",
    health: "unknown",
    lat: 47.37,
    lng: 8.54,
    endpoint: there.origin,
    health_check_url: `${there.origin}/healthz`,
    capacity: 250,
    services: ["gpu"],
    capabilities: { cpu_cores: 8 },
    version: "1.4.2",
  });
  expect(await Nodes.get(ctx, { id: "found-1" })).toMatchObject({ status: "discovered", name: "Found 1" });
  expect(there.asked).toEqual(["/identity"]);
});

test("name and location of the request go before those of the node", async () => {
  const there = await edge({
    "/identity": json({ node_id: "found-2", name: "Theirs", location: { x: 1, y: 1 } }),
  });
  const node = await Discovery.discover(ctx, {
    endpoint: there.origin,
    name: "Ours",
    location: { lat: 2, lng: 3 },
  });
  expect(node).toMatchObject({ id: "found-2", name: "Ours", lat: 2, lng: 3 });
});

test.each([404, 405, 501])(
  "a node without /identity (%i) that answers /health takes what the request says",
  async (code) => {
    const there = await edge({ "/identity": status(code), "/health": json({ status: "healthy" }) });
    const node = await Discovery.discover(ctx, {
      endpoint: there.origin,
      name: "Plain",
      location: { x: 3, y: 2 },
    });
    expect(node).toMatchObject({ name: "Plain", lat: 2, lng: 3, status: "discovered" });
    expect(there.asked).toEqual(["/identity", "/health"]);
  },
);

test("without /identity and without words of ours, its name is its host, and its position is left for later", async () => {
  const there = await edge({ "/health": json({ status: "healthy" }) });
  const node = await Discovery.discover(ctx, { endpoint: there.origin });
  expect(node).toMatchObject({ name: `127.0.0.1:${there.port}`, lat: null, lng: null, status: "discovered" });
});

test("an endpoint with a path is asked below it", async () => {
  const there = await edge({ "/arx/identity": json({ node_id: "found-below" }) });
  await Discovery.discover(ctx, { endpoint: `${there.origin}/arx/` });
  expect(there.asked).toEqual(["/arx/identity"]);
});

test("a node known by its endpoint is a conflict that names it, and is not asked", async () => {
  const there = await edge({ "/identity": json({ name: "no id" }) });
  const node = await Discovery.discover(ctx, { endpoint: there.origin });
  const again = await refusal(Discovery.discover(ctx, { endpoint: `${there.origin}/` }));
  expect(again).toBeInstanceOf(Conflict);
  expect((again as Error).message).toContain(node.id);
  expect(there.asked).toHaveLength(1);
});

test("a stranger that claims the id of a known node is a conflict, and that node stays as it is", async () => {
  const owner = await edge({ "/identity": json({ node_id: "claimed", name: "Owner" }) });
  await Discovery.discover(ctx, { endpoint: owner.origin });
  const before = await Nodes.get(ctx, { id: "claimed" });
  const thief = await edge({ "/identity": json({ node_id: "claimed", name: "Thief" }) });
  const refused = await refusal(Discovery.discover(ctx, { endpoint: thief.origin }));
  expect(refused).toBeInstanceOf(Conflict);
  expect((refused as Error).message).toContain("already known as claimed");
  expect(await Nodes.get(ctx, { id: "claimed" })).toEqual(before);
});

test("a hostile identity brings in nothing that does not fit", async () => {
  const there = await edge({
    "/identity": text(
      JSON.stringify({
        node_id: "../../etc",
        name: "\u202Eevil\u0000",
        location: { x: 1e9, y: "north" },
        capabilities: ["<img src=x>", "ok"],
        capacity: { max_concurrent: -1, cpu_cores: 1e300 },
        endpoints: { health: "http://169.254.169.254/latest/meta-data" },
        version: "x".repeat(5000),
        status: "active",
        desired_state: "active",

        revision: 99,
      }).replace("{", '{"__proto__":{"admin":true},'),
    ),
  });
  const node = await Discovery.discover(ctx, { endpoint: there.origin });
  expect(node).toMatchObject({
    name: `127.0.0.1:${there.port}`,
    status: "discovered",
    lat: null,
    services: ["ok"],
    capacity: 100,
    health_check_url: `${there.origin}/health`,
    version: null,
    revision: 1,
    metadata: { identity: { capabilities: ["ok"] } },
  });
  expect(node.id).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  ["text", text("hello")],
  ["half a document", text('{"node_id":"x"')],
  ["a list", json([{ node_id: "x" }])],
  ["200 KB", flood],
  ["500", status(500)],
  ["401", status(401)],
  ["a redirect", redirect("http://127.0.0.1:1/identity")],
])("one that answers /identity with %s answered badly, and nothing is made", async (_, reply) => {
  const before = await nodeCount();
  const there = await edge({ "/identity": reply, "/health": json({ status: "healthy" }) });
  const refused = await refusal(Discovery.discover(ctx, { endpoint: there.origin }));
  expect(refused).toBeInstanceOf(BadNode);
  expect((refused as Error).message).toContain(there.origin);
  expect(there.asked).toEqual(["/identity"]);
  expect(await nodeCount()).toBe(before);
});

test("one with neither /identity nor /health is no node", async () => {
  const there = await edge({});
  const refused = await refusal(Discovery.discover(ctx, { endpoint: there.origin }));
  expect(refused).toBeInstanceOf(BadNode);
  expect((refused as Error).message).toMatch(/\/identity answered 404 and \/health 404/);
});

test("where nobody listens, the cause is told", async () => {
  const gone = await startEdge({});
  await gone.close();
  const refused = await refusal(Discovery.discover(ctx, { endpoint: gone.origin }));
  expect(refused).toBeInstanceOf(BadNode);
  expect((refused as Error).message).toMatch(/can't be reached: /);
});

test.each([
  [{ endpoint: "ftp://127.0.0.1" }, "endpoint"],
  [{ endpoint: "http://user:word@127.0.0.1" }, "endpoint"],
  [{ endpoint: "nonsense" }, "endpoint"],
  [{ endpoint: 7 }, "endpoint"],
  [{}, "endpoint"],
  [{ endpoint: "http://127.0.0.1", name: "" }, "name"],
  [{ endpoint: "http://127.0.0.1", name: "x".repeat(129) }, "name"],
  [{ endpoint: "http://127.0.0.1", location: { lat: 91, lng: 0 } }, "location"],
  [{ endpoint: "http://10.0.0.1" }, "endpoint"],
  [{ endpoint: "http://127.0.0.1:9001" }, "endpoint"],
])("%j is refused and names the field", async (input, field) => {
  const refused = await refusal(Discovery.discover(ctx, input as never));
  expect(refused).toBeInstanceOf(Invalid);
  expect((refused as Invalid).issues.map(({ path }) => path.split(".")[0])).toContain(field);
});
