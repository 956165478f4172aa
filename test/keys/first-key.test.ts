import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { NotFound } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { getCredential } from "../../core/keys/items.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { transact } from "../../core/store/index.ts";
import { makeNode } from "../nodes/factory.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());

/** A node of before identities: it is there, and has no keys. */
async function keylessNode(node_id: string): Promise<string> {
  await makeNode(ctx, { node_id });
  await transact(world.store, [Keys.withoutNodeKeys(ctx, node_id)]);
  return node_id;
}

describe("a node without a key", () => {
  it("gets its first by rotation, and is rotated from then on", async () => {
    const node_id = await keylessNode("old");
    await expect(Keys.listNodeKeys(ctx, { node_id })).rejects.toThrow(NotFound);
    await expect(Keys.revokeNodeKeys(ctx, { node_id })).rejects.toThrow(NotFound);
    const one = await Keys.rotateNodeKey(ctx, { node_id });
    expect(one).toMatchObject({ node_id, expires_at: null, last_used_at: null });
    expect(await Keys.authenticate(coldWorld(world), one.node_key)).toMatchObject({
      kind: "node",
      id: node_id,
    });
    expect(await Keys.listNodeKeys(ctx, { node_id })).toHaveLength(1);
    const other = await Keys.rotateNodeKey(ctx, { node_id });
    for (const { node_key } of [one, other]) {
      expect(await Keys.authenticate(coldWorld(world), node_key)).toMatchObject({ id: node_id });
    }
    const { items } = await Audit.list(ctx, { target: node_id, action: "node_key.rotate" });
    expect(items.map(({ detail }) => detail?.key_id)).toEqual([other.id, one.id]);
  });

  it("has two keys at most, and one at least, when many ask for the first at once", async () => {
    const node_id = await keylessNode("asked");
    const ends = await Promise.allSettled(
      Array.from({ length: 6 }, () => Keys.rotateNodeKey(ctx, { node_id })),
    );
    const given = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    const keys = await Keys.listNodeKeys(ctx, { node_id });
    expect(keys).toHaveLength(Math.min(2, given.length));
    expect(given.map(({ id }) => id)).toEqual(expect.arrayContaining(keys.map(({ id }) => id)));
    const { items } = await Audit.list(ctx, { target: node_id, action: "node_key.rotate" });
    expect(items).toHaveLength(given.length);
  });

  it("that was never there, or is deleted, gets none", async () => {
    await expect(Keys.rotateNodeKey(ctx, { node_id: "nobody" })).rejects.toThrow(NotFound);
    const id = await keylessNode("deleted");
    await Nodes.remove(ctx, { id });
    await expect(Keys.rotateNodeKey(ctx, { node_id: id })).rejects.toThrow(NotFound);
  });

  it("that is deleted between the question whether it is there and the write gets none", async () => {
    const id = await keylessNode("going");
    const going = beforeTheFirstWrite(ctx, () => Nodes.remove(ctx, { id }));
    await expect(Keys.rotateNodeKey(going, { node_id: id })).rejects.toThrow(NotFound);
    expect(await getCredential(world.store, "node", id)).toBeNull();
    expect((await Audit.list(ctx, { target: id, action: "node_key.rotate" })).items).toEqual([]);
  });
});

/** A store on which somebody is faster than the first transaction. */
function beforeTheFirstWrite(of: Ctx, happens: () => Promise<unknown>): Ctx {
  let first = true;
  const doc = new Proxy(of.store.doc, {
    get(target, name) {
      if (name !== "send") return Reflect.get(target, name, target);
      return async (command: Parameters<typeof target.send>[0]) => {
        if (first && command instanceof TransactWriteCommand) {
          first = false;
          await happens();
        }
        return target.send(command);
      };
    },
  });
  return { ...of, store: { ...of.store, doc } };
}
