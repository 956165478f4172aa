import { argon2Sync } from "node:crypto";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Conflict, Invalid, LimitExceeded, Unauthenticated } from "../../core/errors.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { Users } from "../../core/users/index.ts";
import { getUser } from "../../core/users/items.ts";
import { formatPhc } from "../../core/users/phc.ts";
import { counted, openSigningWorld, type SigningWorld } from "../tokens/factory.ts";
import { coldWorld } from "../world/index.ts";
import { anyone, newcomer, newEmail, PASSWORD } from "./factory.ts";

/** The parameters of every Argon2 hash that was asked for. Each is made for real, unless they are held; then it fails when released. */
const hashes: { memory: number; passes: number; parallelism: number }[] = [];
let held: (() => void)[] | undefined;
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const argon2: typeof crypto.argon2 = (algorithm, parameters, callback) => {
    const { memory, passes, parallelism } = parameters;
    hashes.push({ memory, passes, parallelism });
    if (held) held.push(() => callback(new Error("released"), Buffer.alloc(0)));
    else crypto.argon2(algorithm, parameters, callback);
  };
  return { ...crypto, argon2, default: { ...crypto, argon2 } };
});

let world: SigningWorld;
beforeAll(async () => {
  world = await openSigningWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  hashes.length = 0;
});

const hashOf = async (id: string) => (await getUser(world.store, id))!.password_hash;

describe("logging in", () => {
  it("answers with tokens and the user", async () => {
    const { email, grant } = await newcomer(world);
    expect(grant).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.stringMatching(/^arx_refresh_/),
      token_type: "Bearer",
      expires_in: 900,
      user: expect.objectContaining({ email, role: "user" }),
    });
    expect(JSON.stringify(grant)).not.toContain("argon2");
    expect(await Tokens.verify(world, grant.access_token)).toMatchObject({
      sub: grant.user.id,
      role: "user",
    });
  });

  it("takes the email in any spelling, and the password in any composition", async () => {
    const email = newEmail();
    await Users.register(anyone(world), { email, password: "ma\u00f1ana por la noche" });
    for (const password of ["ma\u00f1ana por la noche", "man\u0303ana por la noche"]) {
      const given = { email: `  ${email.toUpperCase()} `, password };
      await expect(Users.login(anyone(world), given)).resolves.toBeDefined();
    }
  });

  it("answers a wrong password and an unknown email alike, after the same reads and the same hash", async () => {
    const { email } = await newcomer(world);
    const refusals = [];
    for (const given of [
      { email, password: "not the password" },
      { email: newEmail(), password: "not the password" },
      { email: newEmail(), password: PASSWORD },
      // What nobody's hash was made of is no password.
      { email: newEmail(), password: "\u0000".repeat(32) },
    ]) {
      hashes.length = 0;
      const { world: process, calls } = counted(world);
      const error = await Users.login(anyone(process), given).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Unauthenticated);
      refusals.push({ message: (error as Error).message, calls: [...calls], hashes: [...hashes] });
    }
    expect(refusals[0]!.hashes).toEqual([{ memory: 19_456, passes: 2, parallelism: 1 }]);
    expect(refusals[0]!.calls).toEqual([
      ["GetCommand", 2],
      ["PutCommand", 1],
    ]);
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
  });

  it("makes two hashes at once, and refuses those for which there is no place to wait", async () => {
    const { email } = await newcomer(world);
    const process = coldWorld(world);
    hashes.length = 0;
    held = [];
    const reasons: unknown[] = [];
    const guesses = Array.from({ length: 300 }, () =>
      Users.login(anyone(process), { email, password: "not the password" }).catch((error: unknown) => {
        reasons.push(error);
      }),
    );
    while (reasons.length < 300 - 2 - 256) await new Promise(setImmediate);
    expect(reasons.every((reason) => reason instanceof LimitExceeded)).toBe(true);
    expect(hashes).toHaveLength(2);
    for (let released = 0; released < 258; released++) {
      while (held.length === 0) await new Promise(setImmediate);
      held.shift()!();
    }
    held = undefined;
    await Promise.all(guesses);
    expect(reasons.filter((reason) => reason instanceof LimitExceeded)).toHaveLength(42);
    await expect(Users.login(anyone(process), { email, password: PASSWORD })).resolves.toBeDefined();
  });

  it("takes many at once of one user, each in a session of its own", async () => {
    const { email, ctx } = await newcomer(world);
    const many = Array.from({ length: 15 }, () => Users.login(anyone(world), { email, password: PASSWORD }));
    const tokens = (await Promise.all(many)).map(({ refresh_token }) => refresh_token);
    expect(new Set(tokens).size).toBe(15);
    expect((await Users.listSessions(ctx, {})).items).toHaveLength(16);
  });

  it("begins no session when its token can't be signed", async () => {
    const { email, ctx } = await newcomer(world);
    const sealer = { ...world.sealer, open: () => Promise.reject(new Error("KMS is away")) };
    const broken = { ...coldWorld(world), sealer };
    await expect(Users.login(anyone(broken), { email, password: PASSWORD })).rejects.toThrow("KMS is away");
    expect((await Users.listSessions(ctx, {})).items).toHaveLength(1);
  });
});

/** A PHC string of Argon2id as another library would have made it. */
function phc(password: string, memory: number, passes: number, saltBytes = 16): string {
  const salt = Buffer.alloc(saltBytes, 3);
  const parameters = { memory, passes, parallelism: 1 };
  const tag = argon2Sync("argon2id", { message: password, nonce: salt, tagLength: 32, ...parameters });
  return formatPhc({ ...parameters, salt, tag });
}

describe("a hash that was brought, or made with less", () => {
  const legacy = "pass123";
  const brought: [string, string][] = [
    ["bcrypt $2a$", hashSync(legacy, 4).replace("$2b$", "$2a$")],
    ["bcrypt $2b$", hashSync(legacy, 4)],
    ["bcrypt $2y$", hashSync(legacy, 4).replace("$2b$", "$2y$")],
    ["Argon2id with less memory", phc(legacy, 4096, 3)],
    ["Argon2id with fewer passes", phc(legacy, 19_456, 1)],
    ["Argon2id with a short salt", phc(legacy, 19_456, 2, 9)],
  ];

  it.each(brought)("verifies and is made anew at login: %s", async (_, password_hash) => {
    const email = newEmail();
    const { id } = await Users.importUser(anyone(world), { email, password_hash });
    await expect(Users.login(anyone(world), { email, password: "pass124" })).rejects.toThrow(Unauthenticated);
    expect(await hashOf(id)).toBe(password_hash);
    const { user } = await Users.login(anyone(world), { email, password: legacy });
    expect(user).toMatchObject({ id, revision: 1 });
    const renewed = await hashOf(id);
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await expect(Users.login(anyone(world), { email, password: "pass124" })).rejects.toThrow(Unauthenticated);
    await Users.login(anyone(world), { email, password: legacy });
    expect(await hashOf(id)).toBe(renewed);
  });

  it("stays when it was made with more", async () => {
    const email = newEmail();
    const password_hash = phc(PASSWORD, 32_768, 3);
    const { id } = await Users.importUser(anyone(world), { email, password_hash });
    await Users.login(anyone(world), { email, password: PASSWORD });
    expect(await hashOf(id)).toBe(password_hash);
  });

  it("is not made anew of a password of which bcrypt reads a part", async () => {
    const email = newEmail();
    const long = "x".repeat(72);
    const password_hash = hashSync(long, 4);
    const { id } = await Users.importUser(anyone(world), { email, password_hash });
    await Users.login(anyone(world), { email, password: `${long} and a slip` });
    expect(await hashOf(id)).toBe(password_hash);
    await Users.login(anyone(world), { email, password: `${long} and no slip` });
    await Users.login(anyone(world), { email, password: long });
    expect(await hashOf(id)).toMatch(/^\$argon2id/);
  });

  it("is made anew once by many who log in at once, and all of them are in", async () => {
    const email = newEmail();
    const password_hash = hashSync(PASSWORD, 4);
    const { id } = await Users.importUser(anyone(world), { email, password_hash });
    const many = Array.from({ length: 8 }, () =>
      Users.login(anyone(coldWorld(world)), { email, password: PASSWORD }),
    );
    const grants = await Promise.all(many);
    for (const grant of grants) await expect(Users.refresh(anyone(world), grant)).resolves.toBeDefined();
    expect(await hashOf(id)).toMatch(/^\$argon2id/);
  });

  it("is refused when it is of no kind that can be verified, and so is a taken email", async () => {
    const { email } = await newcomer(world);
    for (const password_hash of [
      "",
      "secret",
      "$1$abc$def",
      `${hashSync("x", 4)}x`,
      "$2b$99$" + "a".repeat(53),
    ]) {
      await expect(Users.importUser(anyone(world), { email: newEmail(), password_hash })).rejects.toThrow(
        Invalid,
      );
    }
    const taken = { email, password_hash: hashSync("x", 4) };
    await expect(Users.importUser(anyone(world), taken)).rejects.toThrow(Conflict);
  });
});
