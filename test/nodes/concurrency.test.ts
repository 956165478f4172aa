import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Stale } from "../../core/errors.ts";
import { etagOf } from "../../core/nodes/etag.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { makeNode } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());

describe("N13: changes that name their revision", () => {
  it("are taken on the newest, in any form of its tag", async () => {
    const id = await makeNode(ctx);
    expect((await Nodes.update(ctx, { id, if_match: etagOf(1), name: "a" })).revision).toBe(2);
    expect((await Nodes.update(ctx, { id, if_match: 'W/"2"', name: "b" })).revision).toBe(3);
    expect((await Nodes.update(ctx, { id, if_match: "*", name: "c" })).revision).toBe(4);
    expect((await Nodes.drain(ctx, { id, if_match: '"4"' })).revision).toBe(5);
    await Nodes.remove(ctx, { id, if_match: '"5"' });
  });

  it("are stale on any other, and change nothing", async () => {
    const id = await makeNode(ctx);
    await Nodes.update(ctx, { id, name: "newer" });
    const before = await Nodes.get(ctx, { id });
    for (const if_match of ['"1"', '"3"', "nonsense"]) {
      await expect(Nodes.update(ctx, { id, if_match, name: "mine" })).rejects.toThrow(Stale);
      await expect(Nodes.update(ctx, { id, if_match, name: "newer" })).rejects.toThrow(Stale);
      await expect(Nodes.drain(ctx, { id, if_match })).rejects.toThrow(Stale);
      await expect(Nodes.remove(ctx, { id, if_match })).rejects.toThrow(Stale);
    }
    expect(await Nodes.get(ctx, { id })).toEqual(before);
  });

  it("one wins of many on one revision, the rest are stale", async () => {
    const id = await makeNode(ctx);
    const rivals = Array.from({ length: 8 }, (_, at) =>
      Nodes.update(ctx, { id, if_match: '"1"', name: `rival ${at}` }),
    );
    const ends = await Promise.allSettled(rivals);
    const won = ends.filter((end) => end.status === "fulfilled");
    const lost = ends.filter((end) => end.status === "rejected");
    expect(won).toHaveLength(1);
    expect(lost.every(({ reason }) => reason instanceof Stale)).toBe(true);
    expect(await Nodes.get(ctx, { id })).toMatchObject({ revision: 2, name: won[0]!.value.name });
  });
});

describe("N13: changes that name no revision", () => {
  it("all come through, each on the one before it", async () => {
    const id = await makeNode(ctx);
    await Promise.all([
      Nodes.update(ctx, { id, name: "renamed" }),
      Nodes.update(ctx, { id, role: "edge" }),
      Nodes.update(ctx, { id, capacity: 7 }),
      Nodes.flip(ctx, { id, epoch: 1, health: "healthy", evidence: "200" }),
    ]);
    expect(await Nodes.get(ctx, { id })).toMatchObject({
      name: "renamed",
      role: "edge",
      capacity: 7,
      health: "healthy",
      revision: 5,
    });
  });

  it("a deletion ends them", async () => {
    const id = await makeNode(ctx);
    await Promise.allSettled([Nodes.remove(ctx, { id }), Nodes.update(ctx, { id, name: "late" })]);
    expect(await Nodes.find(world, id, { consistent: true })).toBeNull();
    const { transitions } = await Nodes.transitions(ctx, { id });
    expect(transitions.map(({ to }) => to)).toEqual(["deleted", "active"]);
  });
});
