import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod/mini";
import type { Ctx } from "../../core/ctx.ts";
import { Conflict, Invalid, NotFound } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { NODES } from "../../core/nodes/items.ts";
import { Watching } from "../../core/watching/index.ts";
import { checkView } from "../../core/watching/schema.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edges, observed, startEdges } from "./edges.ts";

let world: TestWorld;
let ctx: Ctx;
let edges: Edges;

beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
  edges = await startEdges(4);
  for (const [i, auto_start] of [true, true, false].entries()) {
    const location = { lat: 10 * i, lng: 0 };
    await Nodes.adminRegister(ctx, {
      id: `n${i}`,
      name: `n${i}`,
      location,
      endpoint: edges.endpoint(i),
      auto_start,
    });
  }
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

test("a check of an active node is the verdict, its evidence, and what its cell and record then hold", async () => {
  const said = await Watching.check(ctx, { id: "n0" });
  expect(z.safeParse(checkView, said).error).toBeUndefined();
  expect(said).toMatchObject({
    node_id: "n0",
    status: "healthy",
    health: "healthy",
    verdict: "pass",
    evidence: { kind: "answer", status: 200 },
    consecutive_failures: 0,
  });
  expect((await observed(world)).get("n0")).toMatchObject({ health: "healthy", successes: 1 });
  expect((await Nodes.get(ctx, { id: "n0" })).status).toBe("healthy");
});

test("failed checks count as failures of a sweep do", async () => {
  await Watching.check(ctx, { id: "n1" });
  edges.behave("error", [1]);
  const ends = [];
  for (let i = 0; i < 3; i++) ends.push(await Watching.check(ctx, { id: "n1" }));
  expect(
    ends.map(({ verdict, consecutive_failures, status }) => [verdict, consecutive_failures, status]),
  ).toEqual([
    ["fail", 1, "healthy"],
    ["fail", 2, "healthy"],
    ["fail", 3, "unhealthy"],
  ]);
  expect(ends[2]!.evidence).toMatchObject({
    kind: "status",
    status: 500,
    detail: "The answer has status 500, not 200.",
  });
});

test("of a node that nobody watches a check tells the verdict alone", async () => {
  expect(await Watching.check(ctx, { id: "n2" })).toMatchObject({
    status: "inactive",
    health: "unknown",
    verdict: "pass",
    consecutive_failures: null,
  });
  expect((await observed(world)).has("n2")).toBe(false);
});

test("checks at once all count, and none is lost", async () => {
  edges.behave("healthy", [0]);
  await Promise.all(Array.from({ length: 4 }, () => Watching.check(ctx, { id: "n0" })));
  const { successes } = (await observed(world)).get("n0")!;
  expect(successes).toBeGreaterThanOrEqual(2);
});

test("an unknown node is not found, one without an endpoint can't be checked, a bad id is invalid", async () => {
  await expect(Watching.check(ctx, { id: "nobody" })).rejects.toThrow(NotFound);
  await expect(Watching.check(ctx, { id: "" })).rejects.toThrow(Invalid);
  const { store } = world;
  // No verb makes a node without an endpoint yet; registries of other kinds will.
  const Key = { id: "n2", item: "node" };
  await store.doc.send(
    new UpdateCommand({ TableName: store.table(NODES), Key, UpdateExpression: "REMOVE endpoint" }),
  );
  await expect(Watching.check(ctx, { id: "n2" })).rejects.toThrow(Conflict);
});
