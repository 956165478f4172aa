import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Conflict, Invalid, Stale, Unavailable } from "../../core/errors.ts";
import { Events } from "../../core/events/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { credentialsKey, NODES } from "../../core/nodes/items.ts";
import { SealBroken } from "../../core/sealing/index.ts";
import { getItem } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeNode, makeNode } from "./factory.ts";

const CANARY = "canary-oauth-token";
const FIRST = {
  oauthTokenEncrypted: CANARY,
  oauthProvider: "anthropic",
  oauthExpiresAt: "2027-01-01T00:00:00Z",
};
const KEPT = {
  oauth_token_encrypted: CANARY,
  oauth_provider: "anthropic",
  oauth_expires_at: "2027-01-01T00:00:00Z",
};

let world: TestWorld;
let ctx: Ctx;
const logged: unknown[] = [];
beforeAll(async () => {
  const keep = (...said: unknown[]) => void logged.push(said);
  world = await openTestWorld({ log: { info: keep, warn: keep, error: keep } });
  ctx = adminCtx(world);
});
afterAll(() => world.close());

/** What is kept for a node, opened as it was sealed: for the node and a provider. */
async function opened(id: string, provider: string): Promise<unknown> {
  const item = await getItem(world.store, NODES, credentialsKey(id), { consistent: true });
  if (!item) return null;
  const bytes = await world.sealer.open(item.sealed as Uint8Array, { node: id, provider });
  return JSON.parse(Buffer.from(bytes).toString());
}

/** Every item of every table as text; binary as what it spells, too. */
async function everything(): Promise<string> {
  const tables = TABLES.map((spec) =>
    world.store.doc.send(new ScanCommand({ TableName: world.store.table(spec) })),
  );
  return JSON.stringify(await Promise.all(tables), (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );
}

const changesOf = async (id: string) =>
  (await Audit.list(ctx, { target: id, action: "node.update" })).items.map(({ detail }) => detail?.changed);

describe("credentials of a provider", () => {
  it.each([
    ["created", (given: object) => Nodes.create(ctx, describeNode(given))],
    ["registered", (given: object) => Nodes.register(ctx, describeNode(given))],
    [
      "registered by an admin",
      async (given: object) => (await Nodes.adminRegister(ctx, describeNode(given))).node,
    ],
  ])("C1: of a node that is %s are sealed for it and its provider", async (how, make) => {
    const id = `made-${how.length}`;
    const view = await make({ node_id: id, provider: "hetzner", credentials: FIRST });
    expect(view).toMatchObject({ has_credentials: true });
    expect(view).not.toHaveProperty("credentials");
    expect(await opened(id, "hetzner")).toEqual(KEPT);
    await expect(opened(id, "other")).rejects.toThrow(SealBroken);
  });

  it("C1: of one node do not open as another's", async () => {
    await makeNode(ctx, { node_id: "mine", provider: "p", credentials: FIRST });
    const { sealed } = (await getItem(world.store, NODES, credentialsKey("mine"), { consistent: true }))!;
    const theirs = { node: "theirs", provider: "p" };
    await expect(world.sealer.open(sealed as Uint8Array, theirs)).rejects.toThrow(SealBroken);
  });

  it("C2: are replaced by new ones, kept when nothing is said of them, and taken away by null or with the node", async () => {
    const id = await makeNode(ctx, { node_id: "changing", provider: "p" });
    expect((await Nodes.get(ctx, { id })).has_credentials).toBe(false);
    const given = await Nodes.update(ctx, { id, credentials: { token: "one" } });
    expect(given).toMatchObject({ has_credentials: true, revision: 2 });
    const again = await Nodes.update(ctx, { id, credentials: { token: "two" } });
    expect(again.revision).toBe(3);
    expect(await opened(id, "p")).toEqual({ token: "two" });
    await Nodes.update(ctx, { id, role: "edge" });
    expect(await opened(id, "p")).toEqual({ token: "two" });
    const none = await Nodes.update(ctx, { id, credentials: null });
    expect(none.has_credentials).toBe(false);
    expect(await opened(id, "p")).toBeNull();
    expect((await Nodes.update(ctx, { id, credentials: null })).revision).toBe(none.revision);
    expect(await changesOf(id)).toEqual([["credentials"], ["role"], ["credentials"], ["credentials"]]);
    await Nodes.update(ctx, { id, credentials: FIRST });
    await Nodes.remove(ctx, { id });
    expect(await opened(id, "p")).toBeNull();
    await makeNode(ctx, { node_id: id, provider: "p" });
    expect((await Nodes.get(ctx, { id })).has_credentials).toBe(false);
  });

  it("C3: do not go with a node to another provider", async () => {
    const id = await makeNode(ctx, { node_id: "moving", provider: "p", credentials: FIRST });
    const before = await Nodes.get(ctx, { id });
    await expect(Nodes.update(ctx, { id, provider: "q" })).rejects.toThrow(Conflict);
    await expect(Nodes.update(ctx, { id, provider: null })).rejects.toThrow(Conflict);
    await expect(Nodes.update(ctx, { id, provider: null, credentials: FIRST })).rejects.toThrow(Invalid);
    expect(await Nodes.get(ctx, { id })).toEqual(before);
    expect(await opened(id, "p")).toEqual(KEPT);
    await Nodes.update(ctx, { id, provider: "p", role: "edge" });
    await Nodes.update(ctx, { id, provider: "q", credentials: { token: "of q" } });
    expect(await opened(id, "q")).toEqual({ token: "of q" });
    await expect(opened(id, "p")).rejects.toThrow(SealBroken);
    expect(await Nodes.update(ctx, { id, provider: null, credentials: null })).toMatchObject({
      provider: null,
      has_credentials: false,
    });
  });

  it("C3: need a provider to be of", async () => {
    const refused = Nodes.create(ctx, describeNode({ node_id: "whose", credentials: FIRST }));
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof Invalid && error.issues[0]?.path === "provider",
    );
    expect(await Nodes.find(world, "whose", { consistent: true })).toBeNull();
  });

  it("stay as they were when the change is refused, or they can't be sealed", async () => {
    const id = await makeNode(ctx, { node_id: "steady", provider: "p", credentials: FIRST });
    const before = await Nodes.get(ctx, { id });
    const given = { id, credentials: { token: "new" } };
    await expect(Nodes.update(ctx, { ...given, if_match: '"9"' })).rejects.toThrow(Stale);
    await expect(
      Nodes.update(ctx, { ...given, status: "inactive", endpoint: "http://10.0.0.1" }),
    ).rejects.toThrow(Invalid);
    const away = { ...world.sealer, seal: () => Promise.reject(new Unavailable("The key service is away.")) };
    const without: Ctx = { ...ctx, sealer: away };
    await expect(Nodes.update(without, given)).rejects.toThrow(Unavailable);
    await expect(
      Nodes.create(without, describeNode({ node_id: "unsealed", provider: "p", credentials: FIRST })),
    ).rejects.toThrow(Unavailable);
    expect(await Nodes.find(world, "unsealed", { consistent: true })).toBeNull();
    expect(await Nodes.get(ctx, { id })).toEqual(before);
    expect(await opened(id, "p")).toEqual(KEPT);
    expect((await Nodes.update(without, { id, role: "edge" })).role).toBe("edge");
  });

  it("are those of the revision that says so, whoever writes at once", async () => {
    const id = await makeNode(ctx, { node_id: "contended", provider: "p0", credentials: { of: "p0" } });
    const writes = Array.from({ length: 6 }, (_, at) =>
      Nodes.update(ctx, { id, provider: `p${at}`, credentials: { of: `p${at}` } }),
    );
    await Promise.allSettled(writes);
    const { provider } = await Nodes.get(ctx, { id });
    expect(await opened(id, provider!)).toEqual({ of: provider });
  });

  it("are in no answer, listing, ledger, event, audit row, log line or stored text", async () => {
    const id = await makeNode(ctx, { node_id: "secretive", provider: "p", credentials: FIRST });
    await Nodes.update(ctx, { id, credentials: { nested: { secret: [CANARY] } }, role: "edge" });
    const record = await Nodes.find(world, id, { consistent: true });
    const refused = [
      Nodes.update(ctx, { id, credentials: CANARY as never }),
      Nodes.update(ctx, { id, credentials: [CANARY] as never }),
      Nodes.update(ctx, { id, credentials: { [CANARY]: "x".repeat(5000) } }),
      Nodes.update(ctx, { id, provider: "q" }),
    ];
    const errors = await Promise.all(refused.map((one) => one.catch((error: unknown) => error)));
    for (const error of errors) expect(error).toBeInstanceOf(Error);
    const told = [
      await Nodes.get(ctx, { id }),
      await Nodes.listWhole(ctx, { limit: 1000 }),
      await Nodes.list(ctx, { limit: 1000 }),
      await Nodes.transitions(ctx, { id }),
      await Audit.list(ctx, { limit: 1000 }),
      Events.nodeEvents(null, record, 0),
      record,
      logged,
      ...errors.flatMap((error) => [String(error), (error as Invalid).issues]),
    ];
    expect(JSON.stringify(told)).not.toContain(CANARY);
    expect(await everything()).not.toContain(CANARY);
    expect((await Nodes.listWhole(ctx, { provider: "p", limit: 1000 })).items.map((one) => one.id)).toContain(
      id,
    );
  });

  it.each([
    ["a text", "x"],
    ["a list", ["x"]],
    ["nothing", {}],
    ["one part twice", { oauthProvider: "a", oauth_provider: "b" }],
    ["more than 4 KB", { token: "x".repeat(4096) }],
    ["nested too deep", { a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } }],
  ])("are refused as %s", async (_, credentials) => {
    const refused = Nodes.create(ctx, describeNode({ provider: "p", credentials: credentials as never }));
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof Invalid && error.issues[0]?.path === "credentials",
    );
  });
});
