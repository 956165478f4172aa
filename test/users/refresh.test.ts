import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { LimitExceeded, Unauthenticated } from "../../core/errors.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { type GrantView, Sessions, Users } from "../../core/users/index.ts";
import { getSession, SESSIONS } from "../../core/users/sessions/items.ts";
import { openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { coldWorld } from "../world/index.ts";
import { anyone, newcomer, sessionOf } from "./factory.ts";

const DAY = 86_400_000;

let world: SigningWorld;
const warnings: unknown[] = [];
beforeAll(async () => {
  const log = { info() {}, error() {}, warn: (...said: unknown[]) => void warnings.push(said) };
  world = await openSigningWorld({ log });
});
afterAll(() => world.close());

const refresh = (grant: Pick<GrantView, "refresh_token">, ctx: Ctx = anyone(coldWorld(world))) =>
  Users.refresh(ctx, { refresh_token: grant.refresh_token });
const refused = (grant: Pick<GrantView, "refresh_token">) =>
  expect(refresh(grant)).rejects.toThrow(Unauthenticated);

describe("refreshing", () => {
  it("gives another refresh token and an access token of the same session", async () => {
    const { grant } = await newcomer(world);
    const next = await refresh(grant);
    expect(next).toMatchObject({ token_type: "Bearer", expires_in: 900, user: grant.user });
    expect(next.refresh_token).not.toBe(grant.refresh_token);
    expect(await sessionOf(world, next)).toBe(await sessionOf(world, grant));
    await expect(refresh(next)).resolves.toBeDefined();
  });

  it("keeps when and from where it was last used, and stores no token", async () => {
    const { grant } = await newcomer(world);
    const id = await sessionOf(world, grant);
    world.clock.advance(60_000);
    const next = await refresh(grant, anyone(world, "other/2.0", "198.51.100.7"));
    const session = (await getSession(world.store, id))!;
    expect(session).toMatchObject({
      device: "test/1.0",
      address: "198.51.100.7",
      last_used: world.now(),
      created_at: world.now() - 60_000,
    });
    const { Items } = await world.store.doc.send(new ScanCommand({ TableName: world.store.table(SESSIONS) }));
    const stored = JSON.stringify(Items);
    for (const token of [grant.refresh_token, next.refresh_token]) {
      expect(stored).not.toContain(token.slice(-64));
      expect(stored).not.toContain(token.slice(-64).slice(0, 42));
    }
  });

  it("goes on for seven days from each, and no longer, whether the store has forgotten it or not", async () => {
    let { grant } = await newcomer(world);
    for (let week = 0; week < 4; week++) {
      world.clock.advance(7 * DAY - 1);
      grant = await refresh(grant);
    }
    world.clock.advance(7 * DAY);
    await refused(grant);
    expect(await getSession(world.store, grant.refresh_token.slice(12, 48))).not.toBeNull();
  });

  it("gives the role of now", async () => {
    const { email, grant } = await newcomer(world);
    expect((await Tokens.verify(world, grant.access_token)).role).toBe("user");
    await Users.createAdmin(anyone(world), { email, password: "the admin's password", reset: true });
    await refused(grant);
    const admin = await Users.login(anyone(world), { email, password: "the admin's password" });
    expect((await Tokens.verify(world, (await refresh(admin)).access_token)).role).toBe("admin");
  });
});

describe("reliability 10: refresh tokens", () => {
  it("give one successor to 100 at once, in as many processes", async () => {
    const { grant } = await newcomer(world);
    const all = await Promise.all(Array.from({ length: 100 }, () => refresh(grant)));
    const successors = new Set(all.map(({ refresh_token }) => refresh_token));
    expect(successors.size).toBe(1);
    expect(successors.has(grant.refresh_token)).toBe(false);
    for (const { access_token } of all)
      await expect(Tokens.verify(world, access_token)).resolves.toBeDefined();
    await expect(refresh(all[0]!)).resolves.toBeDefined();
    console.log(`100 parallel refreshes gave ${successors.size} successor`);
  });

  it("may be brought again within ten seconds, when the answer was lost", async () => {
    const { grant } = await newcomer(world);
    const lost = await refresh(grant);
    world.clock.advance(10_000);
    const again = await refresh(grant);
    expect(again.refresh_token).toBe(lost.refresh_token);
    await expect(refresh(again)).resolves.toBeDefined();
  });

  it("give the one that is good by then, when others went on meanwhile", async () => {
    const { grant } = await newcomer(world);
    const second = await refresh(grant);
    world.clock.advance(3000);
    const third = await refresh(second);
    world.clock.advance(3000);
    expect((await refresh(grant)).refresh_token).toBe(third.refresh_token);
    expect((await refresh(second)).refresh_token).toBe(third.refresh_token);
  });

  it("end their whole family when a spent one comes later, whoever brings it", async () => {
    const { grant, ctx } = await newcomer(world);
    const second = await refresh(grant);
    world.clock.advance(5000);
    const third = await refresh(second);
    world.clock.advance(5001);
    warnings.length = 0;
    await refused(grant);
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toContain(grant.refresh_token.slice(-64));
    for (const one of [grant, second, third]) await refused(one);
    expect(await Sessions.isLive(coldWorld(world), await sessionOf(world, grant))).toBe(false);
    expect((await Users.listSessions(ctx, {})).items).toEqual([]);
  });

  it("of generations ago are known for spent", async () => {
    const { grant } = await newcomer(world);
    let newest = grant;
    for (let turn = 0; turn < 50; turn++) {
      newest = await refresh(newest);
      world.clock.advance(900_000);
    }
    await refused(grant);
    await refused(newest);
  });

  it("end one session, and no other of the user", async () => {
    const { email, grant } = await newcomer(world);
    const other = await Users.login(anyone(world), { email, password: "correct horse battery" });
    await refresh(grant);
    world.clock.advance(10_001);
    await refused(grant);
    await expect(refresh(other)).resolves.toBeDefined();
  });

  it("that were never given end nothing", async () => {
    const { grant } = await newcomer(world);
    const { grant: another } = await newcomer(world);
    const id = await sessionOf(world, grant);
    for (const refresh_token of [
      "",
      "x",
      `arx_refresh_${id}_${"A".repeat(64)}`,
      `arx_refresh_${id}_${another.refresh_token.slice(-64)}`,
      `arx_refresh_${await sessionOf(world, another)}_${grant.refresh_token.slice(-64)}`,
      grant.refresh_token.slice(0, -1),
      `${grant.refresh_token}A`,
      grant.access_token.slice(0, 256),
    ]) {
      await refused({ refresh_token });
    }
    await expect(refresh(grant)).resolves.toBeDefined();
    await expect(refresh(another)).resolves.toBeDefined();
  });

  it("stay good when the answer could not be made", async () => {
    const { grant } = await newcomer(world);
    const sealer = { ...world.sealer, open: () => Promise.reject(new Error("KMS is away")) };
    const broken = { ...coldWorld(world), sealer };
    await expect(refresh(grant, anyone(broken))).rejects.toThrow("KMS is away");
    world.clock.advance(60_000);
    await expect(refresh(grant)).resolves.toBeDefined();
  });

  it("are limited to so many within the grace, so that none of them is forgotten", async () => {
    const { grant } = await newcomer(world);
    let newest = grant;
    for (let turn = 0; turn < 32; turn++) newest = await refresh(newest);
    await expect(refresh(newest)).rejects.toThrow(LimitExceeded);
    expect((await refresh(grant)).refresh_token).toBe(newest.refresh_token);
    world.clock.advance(10_001);
    await expect(refresh(newest)).resolves.toBeDefined();
  });

  it("come to one good token or to none, whatever is brought at once", async () => {
    const { grant } = await newcomer(world);
    const second = await refresh(grant);
    world.clock.advance(10_001);
    // The thief's old token and the owner's new one, together.
    const ends = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => refresh(at % 2 === 0 ? grant : second)),
    );
    const answered = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(Unauthenticated);
    for (const one of [grant, second, ...answered]) await refused(one);
  });
});
