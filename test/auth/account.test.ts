import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../scripts/local/gateway.ts";
import { account, openTestWorld, PASSWORD, type TestWorld } from "../world/index.ts";
import { ask, nextOf, serveAuth, type Told } from "./served.ts";

const AUTH = "/api/v1/auth";

let world: TestWorld;
let gateway: Gateway;
beforeAll(async () => {
  world = await openTestWorld();
  gateway = await serveAuth(world);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

let made = 0;
const newEmail = () => `somebody-${++made}@example.com`;
const post = (path: string, body: unknown, token?: string) =>
  ask(gateway, `POST ${AUTH}/${path}`, { body, token });
const profile = (token: string | undefined) => ask(gateway, `GET ${AUTH}/profile`, { token });
/** Accounts made without the edge, so that its limit on registering is left alone. */
const newcomer = () => account(world, "user");

describe("register", () => {
  it("makes a user, who logs in under any spelling of the email", async () => {
    const email = newEmail();
    const answer = await post("register", {
      email: ` ${email.toUpperCase()} `,
      password: PASSWORD,
      full_name: "Ada",
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email,
      full_name: "Ada",
      role: "user",
      created_at: expect.any(String),
      updated_at: expect.any(String),
      revision: 1,
    });
    expect((await post("login", { email: email.toUpperCase(), password: PASSWORD })).status).toBe(200);
    expect((await post("register", { email, password: PASSWORD })).status).toBe(409);
  });

  it.each([
    ["role", "admin"],
    ["role", "user"],
    ["is_admin", true],
    ["id", "0199a5c0-0000-7000-8000-000000000000"],
    ["password_hash", "$argon2id$"],
    ["revision", 7],
  ])("refuses %s: %j, and makes nobody", async (name, value) => {
    const email = newEmail();
    const answer = await post("register", { email, password: PASSWORD, [name]: value });
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toContain(name);
    expect((await post("login", { email, password: PASSWORD })).status).toBe(401);
  });

  it.each([
    [{ password: PASSWORD }, "email"],
    [{ email: "nobody", password: PASSWORD }, "email"],
    [{ email: 7, password: PASSWORD }, "email"],
    [{ email: "a@example.com" }, "password"],
    [{ email: "a@example.com", password: "short" }, "password"],
    [{ email: "a@example.com", password: "x".repeat(129) }, "password"],
    [{ email: "a@example.com", password: PASSWORD, full_name: "x".repeat(201) }, "full_name"],
  ])("refuses %j by the field's name", async (body, field) => {
    const answer = await post("register", body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toContain(field);
    expect(answer.text).not.toContain(PASSWORD);
  });
});

describe("login and refresh", () => {
  it("answer with the tokens of a session, for no cache to keep", async () => {
    const { email, id } = await newcomer();
    const login = await post("login", { email, password: PASSWORD });
    expect(login.status).toBe(200);
    expect(login.headers.get("cache-control")).toBe("no-store");
    expect(login.body).toMatchObject({
      token_type: "Bearer",
      expires_in: 900,
      user: { id, email, role: "user" },
    });
    const refreshed = await post("refresh", { refresh_token: login.body.refresh_token });
    expect(refreshed.status).toBe(200);
    expect(refreshed.body.refresh_token).not.toBe(login.body.refresh_token);
    expect((await profile(refreshed.body.access_token)).body).toMatchObject({ id });
  });

  it("answer unknown and known accounts alike", async () => {
    const { email } = await newcomer();
    const without = ({ status, body }: Told) => ({ status, rest: { ...body, request_id: "" } });
    const known = without(await post("login", { email, password: "not the password" }));
    expect(without(await post("login", { email: newEmail(), password: "not the password" }))).toEqual(known);
    expect(known).toMatchObject({ status: 401, rest: { title: "Unauthorized" } });
  });

  it("take no notice of a token that has run out: it is what is refreshed", async () => {
    const { grant, email } = await newcomer();
    for (const token of ["no.such.token", `arx_key_${"x".repeat(20)}`]) {
      expect((await post("login", { email, password: PASSWORD }, token)).status).toBe(200);
    }
    const refreshed = await post("refresh", { refresh_token: grant.refresh_token }, "no.such.token");
    expect(refreshed.status).toBe(200);
    const { refresh_token } = refreshed.body;
    expect((await post("logout", { refresh_token }, "no.such.token")).status).toBe(204);
    expect((await profile(refreshed.body.access_token)).status).toBe(401);
  });

  it.each([
    [{}, 422],
    [{ refresh_token: 7 }, 422],
    [{ refresh_token: "x".repeat(300) }, 422],
    [{ refresh_token: "" }, 401],
    [{ refresh_token: "arx_refresh_" }, 401],
    [{ refresh_token: `arx_refresh_0199a5c0-0000-7000-8000-000000000000_${"A".repeat(64)}` }, 401],
  ])("refuse %j with %i", async (body, status) => {
    expect((await post("refresh", body)).status).toBe(status);
  });

  it("refuse a refresh token that is cut, changed, or an access token", async () => {
    const { grant } = await newcomer();
    const text = grant.refresh_token;
    const other = text.at(-1) === "A" ? "B" : "A";
    for (const refresh_token of [text.slice(0, -1), text.slice(0, -1) + other, text.slice(1)]) {
      expect((await post("refresh", { refresh_token })).status).toBe(401);
    }
    expect((await post("refresh", { refresh_token: grant.access_token.slice(0, 256) })).status).toBe(401);
    expect((await post("refresh", { refresh_token: text })).status).toBe(200);
    expect((await profile(text)).status).toBe(401);
  });
});

describe("logout", () => {
  it("ends the session of the access token, at once here", async () => {
    const { token, grant } = await newcomer();
    const answer = await ask(gateway, `POST ${AUTH}/logout`, { token });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect((await profile(token)).body.detail).toContain("session has ended");
    expect((await post("refresh", { refresh_token: grant.refresh_token })).status).toBe(401);
    expect((await post("logout", { refresh_token: grant.refresh_token })).status).toBe(204);
  });

  it("needs one of the two", async () => {
    const answer = await ask(gateway, `POST ${AUTH}/logout`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });
});

describe("the profile", () => {
  it("is the caller's own, with its tag; a stale one changes nothing", async () => {
    const { id, email, token } = await newcomer();
    const got = await profile(token);
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ id, email, role: "user", full_name: null });
    expect(got.headers.get("etag")).toBe('"1"');
    expect(got.headers.get("cache-control")).toBe("no-store");
    const put = (body: unknown, headers: Record<string, string> = {}) =>
      ask(gateway, `PUT ${AUTH}/profile`, { token, body, headers });
    const changed = await put({ full_name: "Ada King" }, { "if-match": '"1"' });
    expect(changed).toMatchObject({ status: 200, body: { full_name: "Ada King", revision: 2 } });
    expect(changed.headers.get("etag")).toBe('"2"');
    expect((await put({ full_name: "Eve" }, { "if-match": '"1"' })).status).toBe(412);
    expect((await put({ role: "admin" })).status).toBe(403);
    expect((await put({ role: "user" })).status).toBe(200);
    expect((await put({ password: "another password" })).status).toBe(422);
    expect((await put({ password: "another password", current_password: "wrong" })).status).toBe(403);
    expect((await profile(token)).body).toMatchObject({ full_name: "Ada King", role: "user", revision: 2 });
  });

  it("with another password ends the other sessions, and is logged in to with that", async () => {
    const { email, token } = await newcomer();
    const other = (await post("login", { email, password: PASSWORD })).body;
    const asked = { password: "another password", current_password: PASSWORD };
    expect((await ask(gateway, `PUT ${AUTH}/profile`, { token, body: asked })).status).toBe(200);
    expect((await profile(token)).status).toBe(200);
    expect((await profile(other.access_token)).status).toBe(401);
    expect((await post("login", { email, password: PASSWORD })).status).toBe(401);
    expect((await post("login", { email, password: "another password" })).status).toBe(200);
  });
});

describe("sessions", () => {
  it("are listed newest first, page by page, and end one by one", async () => {
    const { email, token, grant } = await newcomer();
    for (const device of ["phone/1", "laptop/2"]) {
      await ask(gateway, `POST ${AUTH}/login`, {
        body: { email, password: PASSWORD },
        headers: { "user-agent": device },
      });
    }
    const listed: { id: string; device: string | null; current: boolean }[] = [];
    let at: string | undefined = `${AUTH}/sessions?limit=2`;
    while (at !== undefined) {
      const page: Told = await ask(gateway, `GET ${at}`, { token });
      expect(page.status).toBe(200);
      listed.push(...page.body);
      at = nextOf(page);
    }
    expect(listed.map(({ device, current }) => [device, current])).toEqual([
      ["laptop/2", false],
      ["phone/1", false],
      [null, true],
    ]);
    expect(JSON.stringify(listed)).not.toContain(grant.refresh_token);
    const [laptop, phone, own] = listed.map(({ id }) => id) as [string, string, string];
    const end = (id: string, as = token) => ask(gateway, `DELETE ${AUTH}/sessions/${id}`, { token: as });
    const stranger = await newcomer();
    expect((await end(phone, stranger.token)).status).toBe(404);
    expect((await end(laptop)).status).toBe(204);
    expect((await end(laptop)).status).toBe(404);
    expect((await end("none")).status).toBe(404);
    const left = (await ask(gateway, `GET ${AUTH}/sessions`, { token })).body as { id: string }[];
    expect(left.map(({ id }) => id)).toEqual([phone, own]);
  });

  it.each(["limit=0", "limit=many", "cursor=nonsense"])("?%s is refused", async (query) => {
    const { token } = await newcomer();
    expect((await ask(gateway, `GET ${AUTH}/sessions?${query}`, { token })).status).toBe(400);
  });
});
