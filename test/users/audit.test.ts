import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import { systemCtx } from "../../core/ctx.ts";
import { Forbidden, Unauthenticated } from "../../core/errors.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { Users } from "../../core/users/index.ts";
import { openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { anyone, newcomer, newEmail, PASSWORD, sessionOf, sessionsOf } from "./factory.ts";

let world: SigningWorld;
beforeAll(async () => {
  world = await openSigningWorld();
});
afterAll(() => world.close());

/** What the audit has beyond what it had, oldest first. */
async function told(run: () => Promise<unknown>) {
  const ctx = systemCtx(world, "test", "test");
  world.clock.advance(1);
  const since = new Date(world.now()).toISOString();
  await run();
  const { items } = await Audit.list(ctx, { since });
  world.clock.advance(1);
  return items.map(({ actor, action, target, result, detail }) => ({
    actor,
    action,
    target,
    result,
    detail,
  }));
}

describe("the audit", () => {
  it("has who registered, logged in, changed what and left, without a secret", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const { id } = grant.user;
    const session = await sessionOf(world, grant);
    const other = newEmail();

    const registered = await told(() =>
      Users.register(anyone(world), { email: other, password: PASSWORD, full_name: "Ada" }),
    );
    expect(registered).toMatchObject([
      { actor: "anyone", action: "user.register", result: "done", detail: { email: other, role: "user" } },
    ]);
    const refused = await told(() =>
      Users.login(anyone(world), { email, password: "not the password" }).catch(() => {}),
    );
    expect(refused).toMatchObject([{ action: "login.refuse", target: email, result: "refused" }]);
    expect(await told(() => Users.login(anyone(world), { email, password: PASSWORD }))).toMatchObject([
      { actor: `user:${id}`, action: "session.begin", result: "done" },
    ]);
    const named = await told(() => Users.updateProfile(ctx, { full_name: "Grace" }));
    expect(named).toMatchObject([
      { actor: `user:${id}`, action: "user.update", target: id, detail: { changed: ["full_name"] } },
    ]);
    const given = { password: "a changed password", current_password: PASSWORD };
    const changed = await told(() => Users.updateProfile(ctx, given));
    expect(changed.map(({ action }) => action).sort()).toEqual(["session.end", "user.update"]);
    expect(changed).toContainEqual(
      expect.objectContaining({ action: "user.update", detail: { changed: ["password"] } }),
    );
    const left = await told(() => Users.logout(ctx, {}));
    expect(left).toMatchObject([
      { actor: `user:${id}`, action: "session.end", target: session, detail: { cause: "logout" } },
    ]);
    const all = JSON.stringify([registered, refused, named, changed, left]);
    for (const secret of [PASSWORD, "a changed password", "not the password", "$argon2", "arx_refresh_"]) {
      expect(all).not.toContain(secret);
    }
  });

  it("has the end of a family whose spent token came again, and of each batch of sessions", async () => {
    const { grant, ctx } = await newcomer(world);
    const { refresh_token } = grant;
    await sessionsOf(world, grant, 50);
    await Users.refresh(anyone(world), { refresh_token });
    world.clock.advance(10_001);
    const reused = await told(() =>
      expect(Users.refresh(anyone(world), { refresh_token })).rejects.toThrow(Unauthenticated),
    );
    expect(reused).toMatchObject([
      { actor: "anyone", action: "session.end", detail: { cause: "reuse of a spent token" } },
    ]);
    const given = { password: "a changed password", current_password: PASSWORD };
    const ended = (await told(() => Users.updateProfile(ctx, given))).filter(
      ({ action }) => action === "session.end",
    );
    const counts = ended.map(({ detail }) => (detail as { count: number }).count).sort((a, b) => a - b);
    expect(counts).toEqual([4, 46]);
  });

  it("has no change that was refused", async () => {
    const { ctx } = await newcomer(world);
    const rows = await told(async () => {
      await expect(Users.updateProfile(ctx, { role: "admin" } as object)).rejects.toThrow(Forbidden);
      await expect(Users.updateProfile(ctx, {})).resolves.toBeDefined();
    });
    expect(rows).toEqual([]);
  });

  it("has the making of admins and keys", async () => {
    const operator = systemCtx(world, "operator", "test");
    const given = { email: newEmail(), password: PASSWORD };
    const rows = await told(async () => {
      await Users.createAdmin(operator, given);
      await Users.createAdmin(operator, given);
      await Users.createAdmin(operator, { ...given, password: "a changed password", reset: true });
      await Users.importUser(operator, { email: newEmail(), password_hash: `$2b$04$${"a".repeat(53)}` });
      await Tokens.rotate(operator);
    });
    expect(rows.map(({ actor, action }) => `${actor} ${action}`).sort()).toEqual([
      "system:operator signing_key.rotate",
      "system:operator user.create_admin",
      "system:operator user.import",
      "system:operator user.reset_admin",
    ]);
  });
});
