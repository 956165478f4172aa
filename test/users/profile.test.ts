import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Conflict, Forbidden, Invalid, Stale, Unauthenticated } from "../../core/errors.ts";
import { etagOf } from "../../core/nodes/etag.ts";
import { type GrantView, Sessions, Users } from "../../core/users/index.ts";
import { getUser, replaceHash } from "../../core/users/items.ts";
import { openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { coldWorld } from "../world/index.ts";
import { anyone, bearing, newcomer, newEmail, PASSWORD, sessionOf, sessionsOf } from "./factory.ts";

const ANOTHER = "another password";

let world: SigningWorld;
beforeAll(async () => {
  world = await openSigningWorld();
});
afterAll(() => world.close());

/** Another process, in which `what` happens just before the first transaction of it. */
function beforeFirstTransaction(what: () => Promise<unknown>): SigningWorld {
  let isFirst = true;
  const doc = new Proxy(world.store.doc, {
    get: (target, name) =>
      name !== "send"
        ? Reflect.get(target, name, target)
        : async (command: object) => {
            if (isFirst && command instanceof TransactWriteCommand) {
              isFirst = false;
              await what();
            }
            return target.send(command as Parameters<typeof target.send>[0]);
          },
  });
  return { ...coldWorld(world), store: { ...world.store, doc } };
}

describe("the profile", () => {
  it("is the caller's own, and changes what is given", async () => {
    const { email, ctx, grant } = await newcomer(world);
    expect(await Users.profile(ctx, {})).toEqual(grant.user);
    world.clock.advance(1000);
    const named = await Users.updateProfile(ctx, { full_name: " Grace Hopper " });
    expect(named).toMatchObject({ email, full_name: "Grace Hopper", revision: 2 });
    expect(Date.parse(named.updated_at)).toBe(world.now());
    expect(await Users.updateProfile(ctx, {})).toEqual(named);
    expect(await Users.updateProfile(ctx, { full_name: null })).toMatchObject({
      full_name: null,
      revision: 3,
    });
  });

  it("may be sent back as it was read, with a change in it", async () => {
    const { ctx } = await newcomer(world);
    const read = await Users.profile(ctx, {});
    const written = await Users.updateProfile(ctx, { ...read, full_name: "Ada" });
    expect(written).toMatchObject({ full_name: "Ada", revision: 2, role: "user" });
  });

  it("takes no role, nor what else is not the caller's to write, and changes nothing then", async () => {
    const { ctx, grant } = await newcomer(world);
    for (const extra of [
      { role: "admin" },
      { id: "another" },
      { is_admin: true },
      { password_hash: "x" },
      { password_epoch: 7 },
      { created_at: "2020-01-01T00:00:00.000Z" },
      { revision: 9 },
    ]) {
      const given = { full_name: "Mallory", ...extra };
      await expect(Users.updateProfile(ctx, given)).rejects.toThrow(Forbidden);
    }
    expect(await Users.profile(ctx, {})).toEqual(grant.user);
  });

  it("changes on the revision that is named, or not at all", async () => {
    const { ctx } = await newcomer(world);
    await Users.updateProfile(ctx, { full_name: "a", if_match: etagOf(1) });
    await expect(Users.updateProfile(ctx, { full_name: "b", if_match: etagOf(1) })).rejects.toThrow(Stale);
    expect(await Users.profile(ctx, {})).toMatchObject({ full_name: "a", revision: 2 });
  });

  it("takes every change of many at once", async () => {
    const { ctx } = await newcomer(world);
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((full_name) => Users.updateProfile(ctx, { full_name })));
    expect((await Users.profile(ctx, {})).revision).toBe(5);
  });
});

describe("another email", () => {
  it("needs the password, logs in from then on, and frees the old one", async () => {
    const { email, ctx } = await newcomer(world);
    const other = newEmail();
    await expect(Users.updateProfile(ctx, { email: other })).rejects.toThrow(Invalid);
    const wrong = { email: other, current_password: ANOTHER };
    await expect(Users.updateProfile(ctx, wrong)).rejects.toThrow(Forbidden);
    const changed = await Users.updateProfile(ctx, {
      email: other.toUpperCase(),
      current_password: PASSWORD,
    });
    expect(changed.email).toBe(other);
    await expect(Users.login(anyone(world), { email: other, password: PASSWORD })).resolves.toBeDefined();
    await expect(Users.login(anyone(world), { email, password: PASSWORD })).rejects.toThrow(Unauthenticated);
    await expect(Users.register(anyone(world), { email, password: PASSWORD })).resolves.toBeDefined();
  });

  it("is none when it is the same, and refused when it is another's", async () => {
    const { email, ctx } = await newcomer(world);
    const { email: taken } = await newcomer(world);
    expect(await Users.updateProfile(ctx, { email: email.toUpperCase() })).toMatchObject({ revision: 1 });
    const given = { email: taken, full_name: "x", current_password: PASSWORD };
    await expect(Users.updateProfile(ctx, given)).rejects.toThrow(Conflict);
    expect(await Users.profile(ctx, {})).toMatchObject({ email, full_name: null, revision: 1 });
  });

  it("is had by one of many who want it at once", async () => {
    const wanted = newEmail();
    const users = await Promise.all(Array.from({ length: 4 }, () => newcomer(world)));
    const ends = await Promise.allSettled(
      users.map(({ ctx }) => Users.updateProfile(ctx, { email: wanted, current_password: PASSWORD })),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(Conflict);
    await expect(Users.login(anyone(world), { email: wanted, password: PASSWORD })).resolves.toBeDefined();
  });
});

describe("another password", () => {
  it("needs the present one, and ends all sessions but the caller's", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const others = await sessionsOf(world, grant, 60);
    const given = { password: ANOTHER };
    await expect(Users.updateProfile(ctx, given)).rejects.toThrow(Invalid);
    await expect(Users.updateProfile(ctx, { ...given, current_password: ANOTHER })).rejects.toThrow(
      Forbidden,
    );
    for (const other of [others[0]!, others[59]!]) {
      expect(await Sessions.isLive(coldWorld(world), other.id)).toBe(true);
    }

    await Users.updateProfile(ctx, { ...given, current_password: PASSWORD });
    for (const other of others) {
      expect(await Sessions.isLive(world, other.id)).toBe(false);
      expect(await Sessions.isLive(coldWorld(world), other.id)).toBe(false);
    }
    expect((await Users.listSessions(ctx, {})).items.map(({ current }) => current)).toEqual([true]);
    await expect(Users.refresh(anyone(world), grant)).resolves.toBeDefined();
    await expect(Users.login(anyone(world), { email, password: PASSWORD })).rejects.toThrow(Unauthenticated);
    await expect(Users.login(anyone(world), { email, password: ANOTHER })).resolves.toBeDefined();
  });

  it("leaves no session of the old one, whatever logs in and refreshes meanwhile", async () => {
    for (let round = 0; round < 5; round++) {
      const { email, grant, ctx } = await newcomer(world);
      const before = await Users.login(anyone(world), { email, password: PASSWORD });
      const [changed, ...rest] = await Promise.allSettled([
        Users.updateProfile(ctx, { password: ANOTHER, current_password: PASSWORD }),
        Users.refresh(anyone(coldWorld(world)), before),
        Users.refresh(anyone(coldWorld(world)), grant),
        ...Array.from({ length: 6 }, () =>
          Users.login(anyone(coldWorld(world)), { email, password: PASSWORD }),
        ),
      ]);
      expect(changed.status).toBe("fulfilled");
      for (const end of rest)
        if (end.status === "rejected") expect(end.reason).toBeInstanceOf(Unauthenticated);
      const { items } = await Users.listSessions(ctx, {});
      expect(items.map(({ id }) => id)).toEqual([await sessionOf(world, grant)]);
      const newest = await Users.login(anyone(world), { email, password: ANOTHER });
      await expect(Users.refresh(anyone(world), newest)).resolves.toBeDefined();
    }
  });

  it("ends a session that begins while it is changed, on whichever side of the change", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const change = () => Users.updateProfile(ctx, { password: ANOTHER, current_password: PASSWORD });
    const late = Users.login(anyone(beforeFirstTransaction(change)), { email, password: PASSWORD });
    await expect(late).rejects.toThrow(Unauthenticated);
    expect((await Users.listSessions(ctx, {})).items).toHaveLength(1);

    let early: GrantView | undefined;
    const back = { password: PASSWORD, current_password: ANOTHER };
    const between = beforeFirstTransaction(async () => {
      early = await Users.login(anyone(world), { email, password: ANOTHER });
    });
    await Users.updateProfile(await bearing(between, grant), back);
    await expect(Users.refresh(anyone(world), early!)).rejects.toThrow(Unauthenticated);
    expect(await Sessions.isLive(coldWorld(world), await sessionOf(world, early!))).toBe(false);
    expect((await Users.listSessions(ctx, {})).items).toHaveLength(1);
  });

  it("cut off before it has ended all, leaves none that can be refreshed", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const others = await sessionsOf(world, grant, 48);
    let transactions = 0;
    const { store, ...rest } = coldWorld(world);
    const doc = new Proxy(store.doc, {
      get: (target, name) =>
        name !== "send"
          ? Reflect.get(target, name, target)
          : async (command: object) => {
              if (transactions > 0) throw new Error("killed");
              if (command instanceof TransactWriteCommand) transactions++;
              return target.send(command as Parameters<typeof target.send>[0]);
            },
    });
    const dying = { ...ctx, ...rest, store: { ...store, doc } };
    const given = { password: ANOTHER, current_password: PASSWORD };
    await expect(Users.updateProfile(dying, given)).rejects.toThrow("killed");

    await expect(Users.login(anyone(world), { email, password: PASSWORD })).rejects.toThrow(Unauthenticated);
    const left = (await Users.listSessions(ctx, {})).items.filter(({ current }) => !current);
    expect(left).toHaveLength(2);
    for (const { refresh_token } of others) {
      await expect(Users.refresh(anyone(world), { refresh_token })).rejects.toThrow(Unauthenticated);
    }
    expect((await Users.listSessions(ctx, {})).items.map(({ current }) => current)).toEqual([true]);
  });

  it("stays when a hash is made anew at that very moment", async () => {
    const { grant, ctx } = await newcomer(world);
    await Users.updateProfile(ctx, { password: ANOTHER, current_password: PASSWORD });
    const { password_hash } = (await getUser(world.store, grant.user.id))!;
    expect(await replaceHash(world.store, grant.user.id, "$argon2id$older", "$argon2id$newer")).toBe(false);
    expect((await getUser(world.store, grant.user.id))!.password_hash).toBe(password_hash);
  });

  it("is one of two at once: the second no longer knows the present one", async () => {
    const { email, grant, ctx } = await newcomer(world);
    const passwords = ["first new password", "second new password"];
    const ends = await Promise.allSettled(
      passwords.map((password) => Users.updateProfile(ctx, { password, current_password: PASSWORD })),
    );
    const won = ends.findIndex(({ status }) => status === "fulfilled");
    const lost = ends.find(({ status }) => status === "rejected");
    expect(lost).toMatchObject({ reason: expect.any(Forbidden) });
    const again = await Users.login(anyone(world), { email, password: passwords[won]! });
    expect(await bearing(world, again)).toMatchObject({ actor: { id: grant.user.id } });
  });
});
