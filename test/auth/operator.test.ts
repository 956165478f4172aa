import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { Users } from "../../core/users/index.ts";
import { keptSealingKey, openLocalSealer } from "../../scripts/local/sealing.ts";
import { coldWorld, openTestWorld, PASSWORD, type TestWorld } from "../world/index.ts";

let data: string;
let world: TestWorld;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "arx-operator-"));
  world = { ...(await openTestWorld()), sealer: openLocalSealer(keptSealingKey(data)) };
});
afterAll(async () => {
  await world.close();
  rmSync(data, { recursive: true });
});

/** Runs an operator's command on the world's tables. */
function run(script: string, args: readonly string[], env: Record<string, string> = {}) {
  const file = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const { DYNAMODB_ENDPOINT = "", ARX_TABLE_PREFIX } = world.config;
  const child = spawn(process.execPath, [file, "--data", data, ...args], {
    env: { PATH: process.env.PATH, DYNAMODB_ENDPOINT, ARX_TABLE_PREFIX, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    told += chunk;
  });
  return new Promise<{ code: number | null; out: string; told: string }>((done) => {
    child.once("close", (code) => done({ code, out, told }));
  });
}

const logIn = (email: string, password: string) => {
  const ctx: Ctx = { ...coldWorld(world), actor: { kind: "anyone" }, requestId: "test" };
  return Users.login(ctx, { email, password });
};

describe("npm run create-admin", () => {
  it("makes an admin, once; takes an account over only when told to", async () => {
    const ada = ["--email", "Ada@example.com", "--name", "Ada"];
    const given = { ARX_ADMIN_PASSWORD: PASSWORD };
    expect(await run("create-admin", ada, given)).toEqual({
      code: 0,
      out: "ada@example.com is an admin now.\n",
      told: "",
    });
    const { user } = await logIn("ada@example.com", PASSWORD);
    expect(user).toMatchObject({ role: "admin", full_name: "Ada" });
    expect((await run("create-admin", ada, given)).out).toContain("is an admin already");
    const other = { ARX_ADMIN_PASSWORD: "another password" };
    const refused = await run("create-admin", ada, other);
    expect(refused).toMatchObject({
      code: 1,
      out: "",
      told: expect.stringContaining("an account with this email"),
    });
    await logIn("ada@example.com", PASSWORD);
    expect((await run("create-admin", [...ada, "--reset"], other)).code).toBe(0);
    await expect(logIn("ada@example.com", PASSWORD)).rejects.toThrow("not right");
    expect((await logIn("ada@example.com", "another password")).user.id).toBe(user.id);
  });

  it("makes a password up, and prints it", async () => {
    const { code, out } = await run("create-admin", ["--email", "bob@example.com"]);
    expect(code).toBe(0);
    const [, password] = /password: (\S{24})\n/.exec(out)!;
    expect((await logIn("bob@example.com", password!)).user.role).toBe("admin");
  });

  it.each([
    [[], "--email"],
    [["--email", "nobody"], "email"],
    [["--emial", "a@example.com"], "--emial"],
  ])("%j is refused in a line, with exit code 2", async (args, why) => {
    const { code, out, told } = await run("create-admin", args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(told).toContain(why);
    expect(told.trimEnd()).not.toContain("\n");
  });

  it("refuses a password that is too short, and does not repeat it", async () => {
    const { code, told } = await run("create-admin", ["--email", "c@example.com"], {
      ARX_ADMIN_PASSWORD: "short",
    });
    expect(code).toBe(2);
    expect(told).toContain("password");
    expect(told).not.toContain("short\n");
  });
});

describe("npm run rotate-keys", () => {
  it("makes the next key, refuses a third, and drops all others when they are compromised", async () => {
    const { access_token } = await logIn("ada@example.com", "another password");
    const first = (await Tokens.jwks(coldWorld(world))).keys;
    expect(first).toHaveLength(1);
    const rotated = await run("rotate-keys", []);
    expect(rotated).toMatchObject({ code: 0, told: "" });
    expect(rotated.out).toContain(first[0]!.kid);
    const two = (await Tokens.jwks(coldWorld(world))).keys;
    expect(two.map(({ kid }) => kid)).toContain(first[0]!.kid);
    expect(two).toHaveLength(2);
    await Tokens.verify(coldWorld(world), access_token);
    expect(await run("rotate-keys", [])).toMatchObject({
      code: 1,
      out: "",
      told: expect.stringContaining("being rotated"),
    });
    expect((await run("rotate-keys", ["--compromised"])).code).toBe(0);
    await expect(Tokens.verify(coldWorld(world), access_token)).rejects.toThrow("not valid");
    const fresh = await logIn("ada@example.com", "another password");
    await Tokens.verify(coldWorld(world), fresh.access_token);
  });
});

it.each(["create-admin", "rotate-keys", "rebuild-cells"])("%s says what it takes", async (script) => {
  const { code, out, told } = await run(script, ["--help"]);
  expect({ code, told }).toEqual({ code: 0, told: "" });
  for (const word of ["--data", "--stage", "DYNAMODB_ENDPOINT"]) expect(out).toContain(word);
});
