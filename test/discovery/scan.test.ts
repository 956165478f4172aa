import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Discovery } from "../../core/discovery/index.ts";
import { Forbidden, Invalid } from "../../core/errors.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edge, json, startEdge, text } from "./edge.ts";

let world: TestWorld;
let ctx: Ctx;
const edges: Edge[] = [];

beforeAll(async () => {
  world = await openTestWorld({
    config: { ARX_SCAN_NETWORKS: ["nonsense", "127.0.0.0/24", "203.0.114.0/24", "10.0.0.0/8"] },
  });
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

test("whoever introduces itself is found, on any port; the rest is counted, and what answered otherwise told", async () => {
  const one = await edge({ "/identity": json({ node_id: "s-1", name: "One" }) }, "127.0.0.3");
  const two = await edge({ "/identity": json({ name: "Two" }) }, "127.0.0.9", one.port);
  const three = await edge({ "/identity": json({ node_id: "s-3" }) }, "127.0.0.3");
  const health = await edge({ "/health": json({ status: "healthy" }) }, "127.0.0.5", three.port);
  const nameless = await edge({ "/identity": json({}) }, "127.0.0.6", three.port);
  const web = await edge({ "/identity": text("<html>") }, "127.0.0.7", one.port);
  const outside = await edge({ "/identity": json({ node_id: "s-out" }) }, "127.0.0.16", one.port);

  const ask = { network: "127.0.0.0/28", ports: `${one.port},${three.port}` };
  const answer = await Discovery.scan(ctx, ask);
  expect(answer).toMatchObject({
    scanned: 32,
    discovered: 3,
    known: 0,
    failed: 29,
    remaining: 0,
    next: null,
  });
  expect(answer.nodes.map(({ endpoint }) => endpoint).sort()).toEqual(
    [one, two, three].map(({ origin }) => origin).sort(),
  );
  expect(answer.errors.map(({ endpoint }) => endpoint).sort()).toEqual(
    [health, nameless, web].map(({ origin }) => origin).sort(),
  );
  expect(outside.asked).toEqual([]);
  expect(health.asked).toEqual(["/identity"]);

  const again = await Discovery.scan(ctx, ask);
  expect(again).toMatchObject({ scanned: 32, discovered: 0, known: 3, failed: 29, nodes: [] });
});

test("what time runs out for is said, and a scan goes on where the last one stopped, leaving nothing out", async () => {
  const found = await edge({ "/identity": json({ node_id: "s-late" }) }, "127.0.0.30");
  const ports = [found.port, 1, 2, 3].join();
  let at = Date.now();
  const hurried: Ctx = { ...ctx, now: () => (at += 1000) };
  let offset: number | null = 0;
  let scanned = 0;
  let discovered = 0;
  let calls = 0;
  while (offset !== null) {
    const answer: Awaited<ReturnType<typeof Discovery.scan>> = await Discovery.scan(hurried, {
      network: "127.0.0.16/28",
      ports,
      offset,
    });
    expect(answer.scanned).toBeGreaterThan(0);
    scanned += answer.scanned;
    discovered += answer.discovered;
    expect(answer.remaining).toBe(64 - scanned);
    expect(answer.next).toBe(answer.remaining > 0 ? scanned : null);
    offset = answer.next;
    calls += 1;
  }
  expect({ scanned, discovered }).toEqual({ scanned: 64, discovered: 1 });
  expect(calls).toBeGreaterThan(1);
});

test.each(["127.0.1.0/24", "127.0.0.0/23", "126.255.255.0/24", "8.8.8.8", "203.0.113.0/24"])(
  "%s is not within the allowed networks",
  async (network) => {
    await expect(Discovery.scan(ctx, { network })).rejects.toBeInstanceOf(Forbidden);
  },
);

test("an allowed private network is still never contacted", async () => {
  const refused = await Discovery.scan(ctx, { network: "10.0.0.0/24" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Forbidden);
  expect((refused as Error).message).toContain("none of it is public");
});

test("nothing is allowed unless it is named", async () => {
  const strict: Ctx = { ...ctx, config: { ...ctx.config, ARX_SCAN_NETWORKS: [] } };
  await expect(Discovery.scan(strict, { network: "127.0.0.1/32" })).rejects.toBeInstanceOf(Forbidden);
});

test.each([
  [{ network: "127.0.0.0/21" }, "network"],
  [{ network: "127.0.0/24" }, "network"],
  [{ network: "::1/128" }, "network"],
  [{ network: "" }, "network"],
  [{}, "network"],
  [{ network: ["127.0.0.0/24", "127.0.0.0/24"] }, "network"],
  [{ network: "127.0.0.0/28", ports: "" }, "ports"],
  [{ network: "127.0.0.0/28", ports: "0" }, "ports"],
  [{ network: "127.0.0.0/28", ports: "1-17" }, "ports"],
  [{ network: "127.0.0.0/22", ports: "1-5" }, "ports"],
  [{ network: "127.0.0.0/28", offset: "-1" }, "offset"],
  [{ network: "127.0.0.0/28", offset: "many" }, "offset"],
  [{ network: "127.0.0.0/28", offset: "4097" }, "offset"],
])("%j is refused and names the field", async (input, field) => {
  const refused = await Discovery.scan(ctx, input as never).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Invalid);
  expect((refused as Invalid).issues.map(({ path }) => path)).toEqual([field]);
});
