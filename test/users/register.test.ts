import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Conflict, Forbidden, Invalid, Unauthenticated } from "../../core/errors.ts";
import { Users } from "../../core/users/index.ts";
import { USERS } from "../../core/users/items.ts";
import { openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { coldWorld } from "../world/index.ts";
import { anyone, newEmail, PASSWORD } from "./factory.ts";

let world: SigningWorld;
beforeAll(async () => {
  world = await openSigningWorld();
});
afterAll(() => world.close());

async function stored(): Promise<Record<string, unknown>[]> {
  const { Items } = await world.store.doc.send(new ScanCommand({ TableName: world.store.table(USERS) }));
  return Items ?? [];
}

describe("registering", () => {
  it("makes a user, never an admin, and answers without the password or its hash", async () => {
    const user = await Users.register(anyone(world), {
      email: " Ada@Example.com ",
      password: PASSWORD,
      full_name: "Ada Lovelace",
    });
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: "ada@example.com",
      full_name: "Ada Lovelace",
      role: "user",
      created_at: "2100-01-01T00:00:00.000Z",
      updated_at: "2100-01-01T00:00:00.000Z",
      revision: 1,
    });
    const text = JSON.stringify(await stored());
    expect(text).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(text).not.toContain(PASSWORD);
  });

  it("refuses a role, and whatever else is not the caller's to write, and makes nothing", async () => {
    const before = (await stored()).length;
    for (const extra of [
      { role: "admin" },
      { role: "user" },
      { role: null },
      { is_admin: true },
      { id: "0192f0c1-0000-7000-8000-000000000001" },
      { password_hash: "$2b$10$" },
      { revision: 7 },
    ]) {
      const given = { email: newEmail(), password: PASSWORD, ...extra };
      await expect(Users.register(anyone(world), given)).rejects.toThrow(Forbidden);
    }
    expect(await stored()).toHaveLength(before);
  });

  it("takes passwords of 8 to 128 characters, as they are, and none that is cut", async () => {
    const refused = [
      "",
      "1234567",
      "\u{1f600}".repeat(7),
      "x".repeat(129),
      "\u{1f600}".repeat(129),
      "half \ud83d pair",
    ];
    for (const password of refused) {
      const given = { email: newEmail(), password };
      await expect(Users.register(anyone(world), given)).rejects.toThrow(Invalid);
    }
    for (const password of [
      "12345678",
      "\u{1f600}".repeat(8),
      `${"x".repeat(127)}y`,
      "\u{1f600}".repeat(128),
      "  \n\t    ",
    ]) {
      const email = newEmail();
      await Users.register(anyone(world), { email, password });
      await expect(Users.login(anyone(world), { email, password })).resolves.toBeDefined();
      const cut = password.slice(0, -1);
      await expect(Users.login(anyone(world), { email, password: cut })).rejects.toThrow(Unauthenticated);
      await expect(Users.login(anyone(world), { email, password: `${password}y` })).rejects.toThrow(
        Unauthenticated,
      );
    }
  });

  it("refuses bad input with the field that is wrong, and without what was typed", async () => {
    for (const [given, path] of [
      [{ password: PASSWORD }, "email"],
      [{ email: "nobody", password: PASSWORD }, "email"],
      [{ email: 7, password: PASSWORD }, "email"],
      [{ email: newEmail() }, "password"],
      [{ email: newEmail(), password: 12_345_678 }, "password"],
      [{ email: newEmail(), password: "secret" }, "password"],
      [{ email: newEmail(), password: PASSWORD, full_name: "" }, "full_name"],
      [{ email: newEmail(), password: PASSWORD, full_name: "a\u0000b" }, "full_name"],
      [{ email: newEmail(), password: PASSWORD, full_name: "x".repeat(201) }, "full_name"],
    ] as const) {
      const error = await Users.register(anyone(world), given as never).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Invalid);
      expect((error as Invalid).issues.map((issue) => issue.path)).toEqual([path]);
      expect(JSON.stringify([error, (error as Invalid).message])).not.toContain("secret");
    }
  });

  it("refuses an email that is taken, in whatever spelling", async () => {
    await Users.register(anyone(world), { email: "Jos\u00e9@B\u00fccher.de", password: PASSWORD });
    for (const email of ["jose\u0301@b\u00fccher.DE", " JOS\u00c9@xn--bcher-kva.de"]) {
      await expect(Users.register(anyone(world), { email, password: PASSWORD })).rejects.toThrow(Conflict);
    }
  });

  it("makes one user of many at once for one email", async () => {
    const email = newEmail();
    const before = (await stored()).length;
    const rivals = Array.from({ length: 20 }, (_, at) =>
      Users.register(anyone(coldWorld(world)), { email, password: `${PASSWORD} ${at}` }),
    );
    const ends = await Promise.allSettled(rivals);
    const won = ends.findIndex(({ status }) => status === "fulfilled");
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(Conflict);
    // The user, and its email.
    expect(await stored()).toHaveLength(before + 2);
    await expect(
      Users.login(anyone(world), { email, password: `${PASSWORD} ${won}` }),
    ).resolves.toBeDefined();
  });
});

describe("the first admin", () => {
  it("is made once, and stays as it is when it is made again", async () => {
    const given = { email: newEmail(), password: PASSWORD, full_name: "Operator" };
    const { user, outcome } = await Users.createAdmin(anyone(world), given);
    expect(outcome).toBe("created");
    expect(user).toMatchObject({ email: given.email, role: "admin", full_name: "Operator" });
    expect(await Users.createAdmin(anyone(world), given)).toEqual({ user, outcome: "present" });
    const grant = await Users.login(anyone(world), given);
    expect(grant.user.role).toBe("admin");
  });

  it("takes no account over, unless it is told to; then the sessions of it end", async () => {
    const given = { email: newEmail(), password: PASSWORD };
    await Users.register(anyone(world), given);
    const grant = await Users.login(anyone(world), given);
    await expect(Users.createAdmin(anyone(world), given)).rejects.toThrow(Conflict);
    const reset = { ...given, password: "another password", reset: true };
    expect(await Users.createAdmin(anyone(world), reset)).toMatchObject({
      outcome: "reset",
      user: { id: grant.user.id, role: "admin", revision: 2 },
    });
    await expect(Users.refresh(anyone(world), grant)).rejects.toThrow(Unauthenticated);
    await expect(Users.login(anyone(world), given)).rejects.toThrow(Unauthenticated);
    await expect(Users.login(anyone(world), reset)).resolves.toMatchObject({ user: { role: "admin" } });
  });

  it("needs a good email and password like anybody", async () => {
    const ctx = anyone(world);
    await expect(Users.createAdmin(ctx, { email: "root", password: PASSWORD })).rejects.toThrow(Invalid);
    await expect(Users.createAdmin(ctx, { email: newEmail(), password: "short" })).rejects.toThrow(Invalid);
  });
});
