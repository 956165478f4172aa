import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Malformed, NotFound, Unauthenticated } from "../../core/errors.ts";
import { encodeCursor } from "../../core/store/cursor.ts";
import { getItem } from "../../core/store/index.ts";
import { Sessions, Users } from "../../core/users/index.ts";
import { SESSIONS } from "../../core/users/sessions/items.ts";
import { counted, openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { coldWorld } from "../world/index.ts";
import { anyone, bearing, newcomer, PASSWORD, sessionOf } from "./factory.ts";

let world: SigningWorld;
beforeAll(async () => {
  world = await openSigningWorld();
});
afterAll(() => world.close());

describe("the sessions of a user", () => {
  it("are listed to it, newest first, with what they were begun on", async () => {
    const { email, grant, ctx } = await newcomer(world);
    world.clock.advance(1000);
    const hostile = `Mozilla/5.0\u0000\u001b[31m ${"x".repeat(300)}`;
    const later = await Users.login(anyone(world, hostile, "2001:db8::1"), { email, password: PASSWORD });
    const { items, next } = await Users.listSessions(ctx, {});
    expect(next).toBeUndefined();
    expect(items.map(({ id, current }) => [id, current])).toEqual([
      [await sessionOf(world, later), false],
      [await sessionOf(world, grant), true],
    ]);
    expect(items[0]).toMatchObject({ address: "2001:db8::1", created_at: "2100-01-01T00:00:01.000Z" });
    expect(items[0]!.device).toMatch(/^Mozilla\/5\.0 \[31m x+$/);
    expect(items[0]!.device).toHaveLength(256);
    expect(items[1]).toMatchObject({ device: "test/1.0", address: "192.0.2.1" });
  });

  it("are listed page by page, each once", async () => {
    const { email, ctx } = await newcomer(world);
    for (let at = 0; at < 6; at++) {
      world.clock.advance(1);
      await Users.login(anyone(world), { email, password: PASSWORD });
    }
    const all = (await Users.listSessions(ctx, {})).items.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await Users.listSessions(ctx, { limit: 3, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(all);
    expect(all).toHaveLength(7);
    for (const cursor of ["x", encodeCursor("nodes", all[0]), encodeCursor("sessions", "x")]) {
      await expect(Users.listSessions(ctx, { cursor })).rejects.toThrow(Malformed);
    }
  });

  it("are not listed when they have expired, though they are still stored, and are as long as they are refreshed", async () => {
    const { email, ctx, grant } = await newcomer(world);
    await Users.login(anyone(world), { email, password: PASSWORD });
    let newest = grant;
    for (let day = 0; day < 20; day += 4) {
      world.clock.advance(4 * 86_400_000);
      newest = await Users.refresh(anyone(world), newest);
    }
    const { items } = await Users.listSessions(ctx, {});
    const id = await sessionOf(world, newest);
    expect(items.map((item) => item.id)).toEqual([id]);
    // The store forgets by this attribute: the entry must not go before its session.
    const expiry = async (key: { id: string; item: string }) =>
      (await getItem(world.store, SESSIONS, key))!.expires_at as number;
    const sessionExpires = await expiry({ id, item: "session" });
    expect(sessionExpires).toBe(Math.ceil((world.now() + 7 * 86_400_000) / 1000));
    expect(await expiry({ id: `user#${grant.user.id}`, item: id })).toBeGreaterThanOrEqual(sessionExpires);
  });

  it("are ended one by one by their user, and by nobody else", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const other = await Users.login(anyone(world), { email, password: PASSWORD });
    const id = await sessionOf(world, other);
    const { ctx: stranger } = await newcomer(world);
    await expect(Users.endSession(stranger, { id })).rejects.toThrow(NotFound);
    await expect(Users.endSession(anyone(world), { id })).rejects.toThrow(Unauthenticated);
    for (const none of ["x", "user", "session", grant.user.id]) {
      await expect(Users.endSession(ctx, { id: none })).rejects.toThrow(NotFound);
    }
    await expect(Users.refresh(anyone(world), other)).resolves.toBeDefined();

    await Users.endSession(ctx, { id });
    await expect(Users.endSession(ctx, { id })).rejects.toThrow(NotFound);
    await expect(Users.refresh(anyone(world), other)).rejects.toThrow(Unauthenticated);
    await expect(Users.refresh(anyone(world), grant)).resolves.toBeDefined();
    expect((await Users.listSessions(ctx, {})).items).toHaveLength(1);
  });

  it("are not for those who have none: the system, and whoever is not signed in", async () => {
    const system = { ...anyone(world), actor: { kind: "system", id: "sweep" } } as const;
    for (const ctx of [anyone(world), system]) {
      await expect(Users.listSessions(ctx, {})).rejects.toThrow(Unauthenticated);
      await expect(Users.profile(ctx, {})).rejects.toThrow(Unauthenticated);
      await expect(Users.updateProfile(ctx, { full_name: "x" })).rejects.toThrow(Unauthenticated);
      await expect(Users.logout(ctx, {})).rejects.toThrow(Unauthenticated);
    }
  });
});

describe("logging out", () => {
  it("ends the caller's session, and may be repeated", async () => {
    const { grant, ctx } = await newcomer(world);
    await Users.logout(ctx, {});
    await Users.logout(ctx, {});
    await expect(Users.refresh(anyone(world), grant)).rejects.toThrow(Unauthenticated);
    expect(await Sessions.isLive(world, await sessionOf(world, grant))).toBe(false);
  });

  it("works with the refresh token alone, the good one or one spent, and may be repeated", async () => {
    for (const spent of [false, true]) {
      const { grant } = await newcomer(world);
      const next = await Users.refresh(anyone(world), grant);
      world.clock.advance(20_000);
      const { refresh_token } = spent ? grant : next;
      await Users.logout(anyone(world), { refresh_token });
      await Users.logout(anyone(world), { refresh_token });
      await expect(Users.refresh(anyone(world), next)).rejects.toThrow(Unauthenticated);
    }
  });

  it("ends nothing with a token that was never given", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    for (const refresh_token of ["x", `arx_refresh_${id}_${"A".repeat(64)}`]) {
      await Users.logout(anyone(world), { refresh_token });
    }
    expect(await Sessions.isLive(coldWorld(world), id)).toBe(true);
  });
});

describe("whether a session is live", () => {
  it("is known at once where it ended, and within five seconds everywhere", async () => {
    const { grant, ctx } = await newcomer(world);
    const id = await sessionOf(world, grant);
    const others = [coldWorld(world), coldWorld(world)];
    for (const process of [world, ...others]) expect(await Sessions.isLive(process, id)).toBe(true);
    await Users.logout(ctx, {});
    expect(await Sessions.isLive(world, id)).toBe(false);
    expect(await Sessions.isLive(coldWorld(world), id)).toBe(false);
    world.clock.advance(4000);
    for (const process of others) expect(await Sessions.isLive(process, id)).toBe(false);
  });

  it("is asked of the store once in four seconds, however many ask", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    const { world: process, calls } = counted(world);
    for (let second = 0; second < 8; second++) {
      await Promise.all(Array.from({ length: 20 }, () => Sessions.isLive(process, id)));
      world.clock.advance(1000);
    }
    expect(calls.get("GetCommand")).toBe(2);
  });

  it("is no longer when it has expired, though it is still stored", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    world.clock.advance(7 * 86_400_000 - 1);
    expect(await Sessions.isLive(coldWorld(world), id)).toBe(true);
    world.clock.advance(1);
    expect(await Sessions.isLive(coldWorld(world), id)).toBe(false);
  });

  it("is asked again after the store could not be read", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    let isAway = true;
    const doc = new Proxy(world.store.doc, {
      get: (target, name) =>
        name === "send" && isAway
          ? () => Promise.reject(Object.assign(new Error("away"), { name: "TimeoutError" }))
          : Reflect.get(target, name, target),
    });
    const process = { ...coldWorld(world), store: { ...world.store, doc } };
    await expect(Sessions.isLive(process, id)).rejects.toThrow("can't be reached");
    isAway = false;
    expect(await Sessions.isLive(process, id)).toBe(true);
  });

  it("keeps no more answers than it has a use for", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    const { world: process, calls } = counted(world);
    await Sessions.isLive(process, id);
    for (let at = 0; at < 30; at++) {
      await Sessions.isLive(process, `no-${at}`);
      world.clock.advance(1000);
    }
    const [held] = [...process.memory.values()] as [Map<string, unknown>];
    expect(held.size).toBeLessThanOrEqual(5);
    expect(calls.get("GetCommand")).toBe(31);
  });

  it("is nobody's whose access token is of another session", async () => {
    const { email, grant } = await newcomer(world);
    const other = await Users.login(anyone(world), { email, password: PASSWORD });
    await Users.logout(await bearing(world, other), {});
    expect(await Sessions.isLive(world, await sessionOf(world, other))).toBe(false);
    expect(await Sessions.isLive(world, await sessionOf(world, grant))).toBe(true);
  });
});
