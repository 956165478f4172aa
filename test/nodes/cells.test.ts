import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";
import type { Store } from "../../core/store/index.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeNode, makeNode } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const ZURICH = { lat: 47.3769, lng: 8.5417 };
const SUVA = { lat: -18.14, lng: 178.44 };

/** The nodes that another process finds within a kilometre. */
async function foundAt(at: { lat: number; lng: number }): Promise<string[]> {
  const { found } = await Cells.nearest(coldWorld(world), { at, k: 8, maxKm: 1, qualifies: () => true });
  return found.map(({ node }) => node.member.id);
}

describe("a node's cell", () => {
  it("N1, N4–N7: holds it while it is active or draining, and not a moment longer", async () => {
    const id = await makeNode(ctx, { auto_start: false, location: ZURICH });
    expect(await foundAt(ZURICH)).toEqual([]);
    await Nodes.activate(ctx, { id });
    expect(await foundAt(ZURICH)).toEqual([id]);
    await Nodes.drain(ctx, { id });
    expect(await foundAt(ZURICH)).toEqual([id]);
    await Nodes.settleDrain(ctx, { id, evidence: "empty" });
    expect(await foundAt(ZURICH)).toEqual([]);
    await Nodes.activate(ctx, { id });
    await Nodes.disable(ctx, { id });
    expect(await foundAt(ZURICH)).toEqual([]);
  });

  it("is another when it moves, and none when it is deleted", async () => {
    const id = await makeNode(ctx, { location: ZURICH });
    await Nodes.update(ctx, { id, location: SUVA });
    expect(await foundAt(ZURICH)).toEqual([]);
    expect(await foundAt(SUVA)).toEqual([id]);
    await Nodes.remove(ctx, { id });
    expect(await foundAt(SUVA)).toEqual([]);
  });

  it("does not hold back a change that it can't be told of", async () => {
    const warned: string[] = [];
    const log = { ...world.log, warn: (message: string) => void warned.push(message) };
    const cut: Ctx = { ...ctx, store: withoutCells(world.store), log };
    const node = await Nodes.register(cut, describeNode({ location: ZURICH }));
    expect(warned).toHaveLength(1);
    expect((await Nodes.get(ctx, { id: node.id })).status).toBe("active");
    // The stream tells the cells in the end, from the record as it is.
    const record = await Nodes.find(world, node.id, { consistent: true });
    expect(await Cells.reflect(world, [Nodes.touchOf(null, record)], Nodes.memberSource(world))).toBe(true);
    expect(await foundAt(ZURICH)).toEqual([node.id]);
  });
});

/** A store that can't be reached where the cells are. */
function withoutCells(store: Store): Store {
  const doc = Object.create(store.doc) as Store["doc"];
  doc.send = ((command: { input: object }) => {
    const throttled = Object.assign(new Error("Slow down"), { name: "ThrottlingException" });
    if (JSON.stringify(command.input).includes("-cells")) return Promise.reject(throttled);
    return store.doc.send(command as never);
  }) as typeof doc.send;
  return { ...store, doc };
}
