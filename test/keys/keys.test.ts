import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUDIT } from "../../core/audit/items.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Invalid, Malformed, NotFound } from "../../core/errors.ts";
import { makeCredential } from "../../core/keys/credential.ts";
import { Keys } from "../../core/keys/index.ts";
import { CREDENTIALS } from "../../core/keys/items.ts";
import { transact } from "../../core/store/index.ts";
import { steadyClock } from "../nodes/factory.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

const DAY_MS = 86_400_000;
// Begins now: what has a TTL in the past, the store may take away.
const clock = steadyClock(Date.now());
let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const stored = async (spec = CREDENTIALS) =>
  (await world.store.doc.send(new ScanCommand({ TableName: world.store.table(spec) }))).Items ?? [];
const later = (ms: number) => new Date(clock.now() + ms).toISOString();

describe("service keys", () => {
  it("sign in with their scopes, are listed without what they are, and end when they are deleted", async () => {
    const made = await Keys.createKey(ctx, { name: "ci", scopes: ["route", "nodes:read", "route"] });
    expect(made).toMatchObject({
      name: "ci",
      scopes: ["route", "nodes:read"],
      expires_at: null,
      last_used_at: null,
    });
    expect(await Keys.authenticate(world, made.key)).toMatchObject({
      kind: "service",
      id: made.id,
      name: "ci",
      scopes: ["route", "nodes:read"],
    });
    const { key, ...view } = made;
    const listed = (await Keys.listKeys(ctx, {})).items.find(({ id }) => id === made.id);
    expect(listed).toEqual({ ...view, last_used_at: new Date(clock.now()).toISOString() });
    await Keys.deleteKey(ctx, { id: made.id });
    expect(await Keys.authenticate(coldWorld(world), key)).toBeNull();
    await expect(Keys.deleteKey(ctx, { id: made.id })).rejects.toThrow(NotFound);
  });

  it("are refused in every warm process within four seconds of their end", async () => {
    const made = await Keys.createKey(ctx, { name: "short", scopes: ["route"] });
    expect(await Keys.authenticate(world, made.key)).not.toBeNull();
    await Keys.deleteKey(ctx, { id: made.id });
    clock.advance(4000);
    expect(await Keys.authenticate(world, made.key)).toBeNull();
  });

  it("are refused from the very moment they expire, though just read", async () => {
    const made = await Keys.createKey(ctx, { name: "expiring", scopes: ["route"], expires_at: later(2000) });
    clock.advance(1999);
    expect(await Keys.authenticate(world, made.key)).not.toBeNull();
    clock.advance(1);
    expect(await Keys.authenticate(world, made.key)).toBeNull();
    expect(await Keys.authenticate(coldWorld(world), made.key)).toBeNull();
  });

  it("of another secret, another id, another kind, or mistyped are refused", async () => {
    const made = await Keys.createKey(ctx, { name: "a", scopes: ["route"] });
    const forged = [
      makeCredential("key", made.id).text,
      makeCredential("key", "0192f000-0000-7000-8000-000000000000").text,
      makeCredential("join", made.id).text,
      makeCredential("node", made.id).text,
      made.key.slice(0, -1),
      `${made.key}x`,
      made.key.replace(/_[^_]{6}$/, "_000000"),
      "",
    ];
    for (const one of forged) expect(await Keys.authenticate(world, one), one).toBeNull();
  });

  it("note their last use once a minute for a process", async () => {
    const made = await Keys.createKey(ctx, { name: "used", scopes: ["route"] });
    const lastUse = async () =>
      (await Keys.listKeys(ctx, {})).items.find(({ id }) => id === made.id)?.last_used_at;
    await Keys.authenticate(world, made.key);
    const noted = await lastUse();
    clock.advance(59_000);
    await Keys.authenticate(world, made.key);
    expect(await lastUse()).toBe(noted);
    clock.advance(1000);
    await Keys.authenticate(world, made.key);
    clock.advance(4000);
    await Keys.authenticate(world, made.key);
    expect(Date.parse((await lastUse())!) - Date.parse(noted!)).toBe(64_000);
  });

  it("are listed newest first, page after page, each once", async () => {
    const made: string[] = [];
    for (let at = 0; at < 7; at++) {
      clock.advance(1);
      made.unshift((await Keys.createKey(ctx, { name: `page ${at}`, scopes: ["route"] })).id);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await Keys.listKeys(ctx, { limit: 3, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor);
    expect(seen.slice(0, 7)).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
    await expect(Keys.listKeys(ctx, { cursor: "nonsense" })).rejects.toThrow(Malformed);
  });

  it("are refused with a field that is off", async () => {
    const wrong = [
      { name: "", scopes: ["route"] },
      { name: "a", scopes: [] },
      { name: "a", scopes: ["everything"] },
      { name: "a", scopes: ["route"], expires_at: later(0) },
      { name: "a", scopes: ["route"], expires_at: "tomorrow" },
    ];
    for (const input of wrong) await expect(Keys.createKey(ctx, input as never)).rejects.toThrow(Invalid);
  });
});

describe("a node's keys", () => {
  const register = async (id: string) => {
    const { key, write } = Keys.newNodeKey(ctx, id);
    expect(await transact(world.store, [write])).toBe(true);
    return key;
  };

  it("sign in as that node, whatever its id", async () => {
    for (const id of ["zurich-1", "a_b_c", "x.".padEnd(64, "y_")]) {
      const key = await register(id);
      expect(await Keys.authenticate(world, key)).toMatchObject({ kind: "node", id });
    }
  });

  it("are two while they rotate, then one", async () => {
    const old = await register("rotating");
    await Keys.authenticate(world, old);
    const { node_key, id } = await Keys.rotateNodeKey(ctx, { node_id: "rotating", grace_s: 60 });
    for (const key of [old, node_key]) {
      expect(await Keys.authenticate(coldWorld(world), key)).toMatchObject({ id: "rotating" });
    }
    clock.advance(60_000);
    expect(await Keys.authenticate(world, old)).toBeNull();
    expect(await Keys.authenticate(world, node_key)).toMatchObject({ key_id: id });
  });

  it("stay two when a rotation is made again because its answer was lost", async () => {
    const old = await register("retried");
    await Keys.authenticate(world, old);
    const lost = await Keys.rotateNodeKey(ctx, { node_id: "retried" });
    const got = await Keys.rotateNodeKey(ctx, { node_id: "retried" });
    expect(await Keys.authenticate(coldWorld(world), old)).not.toBeNull();
    expect(await Keys.authenticate(coldWorld(world), lost.node_key)).toBeNull();
    expect(await Keys.authenticate(coldWorld(world), got.node_key)).not.toBeNull();
  });

  it("are never more than two, however many rotate and use them at once", async () => {
    const old = await register("contested");
    const ends = await Promise.allSettled([
      ...Array.from({ length: 8 }, () => Keys.rotateNodeKey(ctx, { node_id: "contested" })),
      ...Array.from({ length: 4 }, () => Keys.authenticate(coldWorld(world), old)),
    ]);
    const made = ends.flatMap((end) =>
      end.status === "fulfilled" && end.value && "node_key" in end.value ? [end.value.node_key] : [],
    );
    const live = await Promise.all([old, ...made].map((key) => Keys.authenticate(coldWorld(world), key)));
    expect(made.length).toBeGreaterThan(0);
    expect(live.filter((identity) => identity !== null)).toHaveLength(2);
    expect(await Keys.listNodeKeys(ctx, { node_id: "contested" })).toHaveLength(2);
  });

  it("end by revocation, one or all, and with their node", async () => {
    const old = await register("revoked");
    await Keys.authenticate(world, old);
    const newer = await Keys.rotateNodeKey(ctx, { node_id: "revoked" });
    const [, first] = await Keys.listNodeKeys(ctx, { node_id: "revoked" });
    await Keys.revokeNodeKeys(ctx, { node_id: "revoked", key_id: first!.id });
    expect(await Keys.authenticate(coldWorld(world), old)).toBeNull();
    expect(await Keys.authenticate(coldWorld(world), newer.node_key)).not.toBeNull();
    await expect(Keys.revokeNodeKeys(ctx, { node_id: "revoked", key_id: first!.id })).rejects.toThrow(
      NotFound,
    );
    await Keys.revokeNodeKeys(ctx, { node_id: "revoked" });
    await Keys.revokeNodeKeys(ctx, { node_id: "revoked" });
    expect(await Keys.authenticate(coldWorld(world), newer.node_key)).toBeNull();
    const again = await Keys.rotateNodeKey(ctx, { node_id: "revoked" });
    expect(await Keys.authenticate(coldWorld(world), again.node_key)).not.toBeNull();
    await transact(world.store, [Keys.withoutNodeKeys(ctx, "revoked")]);
    expect(await Keys.authenticate(coldWorld(world), again.node_key)).toBeNull();
    await expect(Keys.rotateNodeKey(ctx, { node_id: "revoked" })).rejects.toThrow(NotFound);
  });

  it("of a node made anew under an id are none of the old one's", async () => {
    const old = await register("reborn");
    const young = await register("reborn");
    expect(await Keys.authenticate(coldWorld(world), old)).toBeNull();
    expect(await Keys.authenticate(coldWorld(world), young)).toMatchObject({ id: "reborn" });
  });
});

describe("what is stored", () => {
  it("holds no credential, and no more of it in the audit", async () => {
    const made = [
      (await Keys.createKey(ctx, { name: "canary", scopes: ["route"] })).key,
      (await Keys.createJoinToken(ctx, { expires_at: later(DAY_MS) })).token,
    ];
    const { write, key } = Keys.newNodeKey(ctx, "canary");
    await transact(world.store, [write]);
    made.push(key, (await Keys.rotateNodeKey(ctx, { node_id: "canary" })).node_key);
    for (const one of made) await Keys.authenticate(world, one);
    const text = JSON.stringify([await stored(), await stored(AUDIT), [...world.memory.values()].map(flat)]);
    for (const one of made) {
      expect(text).not.toContain(one);
      expect(text).not.toContain(one.split("_").at(-2));
    }
  });

  it("tells in the audit who made and deleted what", async () => {
    const made = await Keys.createKey(ctx, { name: "audited", scopes: ["route"] });
    await Keys.deleteKey(ctx, { id: made.id });
    const rows = (await stored(AUDIT)).filter(({ target }) => target === made.id);
    const said = rows.map(({ action, actor, result }) => `${actor} ${action} ${result}`);
    expect(said.sort()).toEqual(["admin:test key.create done", "admin:test key.delete done"]);
    await expect(Keys.deleteKey(ctx, { id: made.id })).rejects.toThrow(NotFound);
    expect((await stored(AUDIT)).filter(({ target }) => target === made.id)).toHaveLength(2);
  });
});

/** Maps as JSON shows them. */
function flat(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(flat);
  if (Array.isArray(value)) return value.map(flat);
  if (value && typeof value === "object") return Object.entries(value).map(flat);
  return value;
}
