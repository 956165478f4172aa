import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Forbidden, Invalid, NotFound } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { transact } from "../../core/store/index.ts";
import { steadyClock } from "../nodes/factory.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

// Begins now: what has a TTL in the past, the store may take away.
const clock = steadyClock(Date.now());
let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const later = (ms: number) => new Date(clock.now() + ms).toISOString();

async function makeToken(given: Parameters<typeof Keys.createJoinToken>[1] = {}) {
  const made = await Keys.createJoinToken(ctx, given);
  const identity = await Keys.authenticate(coldWorld(world), made.token);
  if (identity?.kind !== "machine") throw new Error("A join token signs in as a machine");
  const left = async () =>
    (await Keys.listJoinTokens(ctx, {})).items.find(({ id }) => id === made.id)?.uses_left;
  return { made, identity, left };
}

describe("join tokens", () => {
  it("sign in as a machine about to join, with what the admin set", async () => {
    const { made, identity } = await makeToken({ role: "edge", labels: ["eu"], region: "zrh", uses: 2 });
    expect(made).toMatchObject({ uses: 2, uses_left: 2, role: "edge", labels: ["eu"], region: "zrh" });
    expect(Date.parse(made.expires_at) - clock.now()).toBe(86_400_000);
    expect(identity.preset).toEqual({ role: "edge", labels: ["eu"], region: "zrh" });
  });

  it("are refused once expired or deleted, a use left or not", async () => {
    const { made, identity } = await makeToken({ uses: 5, expires_at: later(1000) });
    const other = await makeToken({ uses: 5 });
    await Keys.deleteJoinToken(ctx, { id: other.made.id });
    clock.advance(1000);
    for (const [token, text] of [
      [identity, made.token],
      [other.identity, other.made.token],
    ] as const) {
      expect(await Keys.authenticate(coldWorld(world), text)).toBeNull();
      const claim = { token, claimant: "late" };
      await expect(Keys.joinWrites(ctx, claim, "n", null)).rejects.toThrow(Forbidden);
    }
    await expect(Keys.deleteJoinToken(ctx, { id: other.made.id })).rejects.toThrow(NotFound);
  });

  it("lose the transaction that takes a use when they ended after they were looked at", async () => {
    const { made, identity, left } = await makeToken({ uses: 1 });
    const [one, other] = await Promise.all(
      ["a", "b"].map((claimant) => Keys.joinWrites(ctx, { token: identity, claimant }, claimant, null)),
    );
    expect(await transact(world.store, one!)).toBe(true);
    expect(await transact(world.store, other!)).toBe(false);
    expect(await left()).toBe(0);
    expect(await Keys.joinedAs(ctx, { token: identity, claimant: "a" })).toBe("a");
    expect(await Keys.joinedAs(ctx, { token: identity, claimant: "b" })).toBeNull();
    await Keys.deleteJoinToken(ctx, { id: made.id });
    expect(await transact(world.store, other!)).toBe(false);
  });

  it("are refused with a field that is off", async () => {
    const wrong = [
      { uses: 0 },
      { uses: 1.5 },
      { uses: 10_001 },
      { expires_at: later(0) },
      { role: "a b/c" },
      { labels: "x" },
    ];
    for (const input of wrong)
      await expect(Keys.createJoinToken(ctx, input as never)).rejects.toThrow(Invalid);
  });
});
