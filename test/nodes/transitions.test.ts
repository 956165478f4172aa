import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { type Ctx, systemCtx } from "../../core/ctx.ts";
import { Malformed, NotFound } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { NODES } from "../../core/nodes/items.ts";
import { transitionsView } from "../../core/nodes/view.ts";
import { queryAll } from "../../core/store/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { makeNode, steadyClock } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
let sweep: Ctx;
const clock = steadyClock();
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
  sweep = systemCtx(world, "sweep", "r1");
});
afterAll(() => world.close());

const wordsOf = async (asked: Parameters<typeof Nodes.transitions>[1]) =>
  (await Nodes.transitions(ctx, asked)).transitions.map(({ to }) => to);

async function flap(id: string, times: number): Promise<void> {
  for (let at = 0; at < times; at++) {
    clock.advance(1000);
    await Nodes.flip(sweep, {
      id,
      epoch: 1,
      health: at % 2 ? "unhealthy" : "healthy",
      evidence: `sweep ${at}`,
    });
  }
}

describe("N12: the ledger", () => {
  it("tells every change of status, when, from, to, by whom, on what evidence", async () => {
    const id = await makeNode(ctx);
    const made = clock.now();
    await flap(id, 1);
    await Nodes.update(ctx, { id, name: "no change of status" });
    await Nodes.drain(ctx, { id });
    const ledger = await Nodes.transitions(ctx, { id });
    expect(z.parse(transitionsView, ledger)).toEqual({ ...ledger, next: undefined });
    const at = new Date(made + 1000).toISOString();
    expect(ledger.transitions).toMatchObject([
      { from: "healthy", to: "draining", by: "admin:test", evidence: null, at },
      { from: "active", to: "healthy", by: "system:sweep", evidence: "sweep 0", at },
      { from: null, to: "active", by: "admin:test", at: new Date(made).toISOString() },
    ]);
  });

  it("outlives its node by 90 days", async () => {
    const id = await makeNode(ctx);
    await Nodes.remove(ctx, { id });
    expect(await wordsOf({ id })).toEqual(["deleted", "active"]);
    const rows = queryAll(world.store, NODES, {
      KeyConditionExpression: "id = :id",
      ExpressionAttributeValues: { ":id": id },
    });
    for await (const row of rows) {
      expect(row.expires_at).toBe(Math.floor(clock.now() / 1000) + 90 * 86_400);
    }
  });

  it("is read between two instants, both included", async () => {
    const id = await makeNode(ctx);
    const start = clock.now();
    await flap(id, 4);
    const at = (second: number) => new Date(start + second * 1000).toISOString();
    expect(await wordsOf({ id, since: at(2) })).toEqual(["unhealthy", "healthy", "unhealthy"]);
    expect(await wordsOf({ id, until: at(1) })).toEqual(["healthy", "active"]);
    expect(await wordsOf({ id, since: at(2), until: at(2) })).toEqual(["unhealthy"]);
    expect(await wordsOf({ id, since: at(5) })).toEqual([]);
    expect(await wordsOf({ id, since: "1950-01-01", until: "9999-01-01" })).toHaveLength(5);
  });

  it("is read page by page, none skipped or repeated while rows are added", async () => {
    const id = await makeNode(ctx);
    await flap(id, 7);
    const whole = await wordsOf({ id });
    const seen: string[] = [];
    const ids = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await Nodes.transitions(ctx, { id, limit: 3, cursor });
      for (const row of page.transitions) {
        seen.push(row.to);
        ids.add(row.id);
      }
      cursor = page.next;
      clock.advance(1);
      await Nodes.flip(sweep, {
        id,
        epoch: 1,
        health: seen.length % 2 ? "degraded" : "unhealthy",
        evidence: "more",
      });
    } while (cursor);
    expect(seen).toEqual(whole);
    expect(ids.size).toBe(whole.length);
  });

  it("has no next page when the last is just full", async () => {
    const id = await makeNode(ctx);
    await flap(id, 1);
    expect((await Nodes.transitions(ctx, { id, limit: 2 })).next).toBeUndefined();
    expect((await Nodes.transitions(ctx, { id, limit: 1 })).next).toBeDefined();
  });

  it("refuses a cursor that is not its own", async () => {
    const id = await makeNode(ctx);
    await makeNode(ctx);
    const { next } = await Nodes.list(ctx, { limit: 1 });
    for (const cursor of [next!, "nonsense", "e30"]) {
      await expect(Nodes.transitions(ctx, { id, cursor })).rejects.toThrow(Malformed);
    }
  });

  it("is not there for a node that never was", async () => {
    await expect(Nodes.transitions(ctx, { id: "nobody" })).rejects.toThrow(NotFound);
  });
});

describe("the flap count", () => {
  it("counts changes between good and bad within the last hour", async () => {
    const id = await makeNode(ctx);
    await flap(id, 5);
    expect((await Nodes.transitions(ctx, { id, limit: 1 })).flap_count).toBe(4);
    clock.advance(3_600_000 - 2000);
    expect((await Nodes.transitions(ctx, { id })).flap_count).toBe(3);
    clock.advance(3000);
    expect((await Nodes.transitions(ctx, { id })).flap_count).toBe(0);
  });
});
