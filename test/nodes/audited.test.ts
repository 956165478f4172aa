import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import { type Ctx, systemCtx } from "../../core/ctx.ts";
import { Conflict, Stale } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeNode, makeNode } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const rowsOf = async (target: string) =>
  (await Audit.list(ctx, { target })).items.map(({ action, detail }) => [action, detail]).reverse();

describe("what callers do to a node", () => {
  it("is audited once for each change that stands, by the names of what changed", async () => {
    const id = await makeNode(ctx, { node_id: "audited" });
    await Nodes.update(ctx, { id, role: "edge", labels: ["a"] });
    await Nodes.update(ctx, { id, role: "edge", labels: ["a"] });
    await Nodes.drain(ctx, { id });
    await expect(Nodes.update(ctx, { id, if_match: '"1"', role: "x" })).rejects.toThrow(Stale);
    await expect(Nodes.register(ctx, describeNode({ node_id: id }))).rejects.toThrow(Conflict);
    await Nodes.remove(ctx, { id });
    expect(await rowsOf(id)).toEqual([
      ["node.create", { status: "active" }],
      ["node.update", { changed: ["labels", "role"], revision: 2 }],
      ["node.update", { changed: ["desired_state", "drain_deadline"], revision: 3 }],
      ["node.delete", null],
    ]);
  });

  it("is audited by nobody when a sweep does it: that is in the ledger", async () => {
    const id = await makeNode(ctx, { node_id: "swept" });
    const flip = { id, epoch: 1, health: "healthy", evidence: "answered" } as const;
    expect(await Nodes.flip(systemCtx(world, "sweep", "s-1"), flip)).not.toBeNull();
    expect((await rowsOf(id)).map(([action]) => action)).toEqual(["node.create"]);
  });

  it("ends its key with it", async () => {
    const { node_key, id } = await Nodes.register(ctx, describeNode({ node_id: "keyed" }));
    expect(await Keys.authenticate(coldWorld(world), node_key)).toMatchObject({ kind: "node", id });
    await Nodes.remove(ctx, { id });
    expect(await Keys.authenticate(coldWorld(world), node_key)).toBeNull();
    const again = await Nodes.register(ctx, describeNode({ node_id: "keyed" }));
    expect(await Keys.authenticate(coldWorld(world), node_key)).toBeNull();
    expect(await Keys.authenticate(coldWorld(world), again.node_key)).toMatchObject({ id });
  });
});
