import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Conflict, Forbidden, Invalid } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeNode, makeNode } from "./factory.ts";

const MACHINES = Number(process.env.ARX_RUNS ?? 40);
let world: TestWorld;
let admin: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  admin = adminCtx(world);
});
afterAll(() => world.close());

/** A machine with a new token, as it calls; and what is left of the token. */
async function machine(given: Parameters<typeof Keys.createJoinToken>[1] = {}) {
  const { id, token } = await Keys.createJoinToken(admin, given);
  const identity = await Keys.authenticate(coldWorld(world), token);
  if (identity?.kind !== "machine") throw new Error("A join token signs in as a machine");
  const ctx: Ctx = { ...world, actor: identity, requestId: "joining", caller };
  const left = async () =>
    (await Keys.listJoinTokens(admin, { limit: 1000 })).items.find((one) => one.id === id)?.uses_left;
  return { id, ctx, left };
}
const caller = { userAgent: "test", remoteAddr: "192.0.2.1" };

const errorsOf = (ends: readonly PromiseSettledResult<unknown>[]) =>
  ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));

describe("a machine that joins", () => {
  it("J1: is a node that is active, with a key that works, and takes a use", async () => {
    const { id, ctx, left } = await machine({ uses: 2 });
    const node = await Nodes.register(ctx, describeNode({ node_id: "joined" }));
    expect(node).toMatchObject({ id: "joined", status: "active" });
    expect(await Keys.authenticate(coldWorld(world), node.node_key)).toMatchObject({
      kind: "node",
      id: "joined",
    });
    expect(await left()).toBe(1);
    const [row] = (await Audit.list(admin, { target: "joined" })).items;
    expect(row).toMatchObject({
      actor: `machine:${id}`,
      action: "node.create",
      result: "done",
      request_id: "joining",
      address: "192.0.2.1",
    });
  });

  it("J2: has the token's role and region, and its labels beside its own", async () => {
    const { ctx } = await machine({ uses: 3, role: "edge", labels: ["eu", "gpu"], region: "zrh" });
    const said = { role: "leader", labels: ["gpu", "own"], region: "moon" };
    const node = await Nodes.register(ctx, describeNode(said));
    expect(node).toMatchObject({ role: "edge", labels: ["eu", "gpu", "own"], region: "zrh" });
    const silent = await Nodes.register(ctx, describeNode());
    expect(silent).toMatchObject({ role: "edge", labels: ["eu", "gpu"], region: "zrh" });
    const bare = await Nodes.register((await machine()).ctx, describeNode(said));
    expect(bare).toMatchObject(said);
  });

  it(`J3: ${MACHINES} machines at once are as many nodes as the token has uses`, async () => {
    const { ctx, left } = await machine({ uses: 3 });
    const nodes = Array.from({ length: MACHINES }, () => describeNode());
    const ends = await Promise.allSettled(nodes.map((node) => Nodes.register(ctx, node)));
    const errors = errorsOf(ends);
    expect(errors).toHaveLength(MACHINES - 3);
    for (const error of errors) expect(error).toBeInstanceOf(Forbidden);
    expect(await left()).toBe(0);
  });

  it("J3: a rack that comes up at once gets in whole", async () => {
    const { ctx, left } = await machine({ uses: 24 });
    const nodes = Array.from({ length: 24 }, () => describeNode());
    const joined = await Promise.all(nodes.map((node) => Nodes.register(ctx, node)));
    expect(new Set(joined.map(({ id }) => id)).size).toBe(24);
    expect(await left()).toBe(0);
  });

  it.each([
    ["its id", { node_id: "again-1", hostname: "again.local" }],
    ["its host name", { hostname: "again-2.local" }],
    ["its name", { name: "Again 3" }],
  ])("J4: is one node however often it tries, by %s, and takes one use", async (_, given) => {
    const { ctx, left } = await machine({ uses: 20 });
    const tries = Array.from({ length: 8 }, () => Nodes.register(ctx, { ...describeNode(), ...given }));
    const ends = await Promise.allSettled(tries);
    const made = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(made).toHaveLength(1);
    for (const error of errorsOf(ends)) expect(error).toBeInstanceOf(Conflict);
    const late = Nodes.register(ctx, { ...describeNode(), ...given });
    await expect(late).rejects.toThrow(made[0]!.id);
    expect(await left()).toBe(19);
  });

  it("J4: is told that it has joined, not that no use is left", async () => {
    const { ctx } = await machine();
    const said = describeNode({ hostname: "last.local" });
    await Nodes.register(ctx, said);
    await expect(Nodes.register(ctx, said)).rejects.toThrow(Conflict);
    await expect(Nodes.register(ctx, describeNode())).rejects.toThrow(Forbidden);
  });

  it("J4: may join again once its node is deleted, for another use", async () => {
    const { ctx, left } = await machine({ uses: 2 });
    const said = describeNode({ hostname: "reborn.local" });
    const first = await Nodes.register(ctx, said);
    await Nodes.remove(admin, { id: first.id });
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => Nodes.register(ctx, said)));
    const [second] = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(errorsOf(ends)).toHaveLength(4);
    expect(await left()).toBe(0);
    await Nodes.remove(admin, { id: second!.id });
    await expect(Nodes.register(ctx, said)).rejects.toThrow(Forbidden);
  });

  it("takes no use when it is refused, and changes nothing", async () => {
    const { ctx, left } = await machine({ uses: 1, labels: ["one"] });
    const id = await makeNode(admin, { node_id: "not-its-own" });
    const before = await Nodes.get(admin, { id });
    const labels = Array.from({ length: 32 }, (_, at) => `label-${at}`);
    const refused: [Parameters<typeof Nodes.register>[1], new (...args: never[]) => Error][] = [
      [describeNode({ node_id: id }), Conflict],
      [describeNode({ endpoint: "http://10.0.0.1" }), Invalid],
      [describeNode({ labels }), Invalid],
      [describeNode({ provider: "metal", credentials: { token: "x" } }), Forbidden],
    ];
    for (const [said, kind] of refused) await expect(Nodes.register(ctx, said)).rejects.toThrow(kind);
    expect(await Nodes.get(admin, { id })).toEqual(before);
    expect(await left()).toBe(1);
  });

  it("is refused when its token ends between the call and the write", async () => {
    const { id, ctx } = await machine({ uses: 5 });
    await Keys.deleteJoinToken(admin, { id });
    await expect(Nodes.register(ctx, describeNode({ node_id: "too-late" }))).rejects.toThrow(Forbidden);
    const later: Ctx = { ...(await machine()).ctx, now: () => Date.now() + 2 * 86_400_000 };
    await expect(Nodes.register(later, describeNode({ node_id: "too-late" }))).rejects.toThrow(Forbidden);
    expect(await Nodes.find(world, "too-late", { consistent: true })).toBeNull();
  });
});
