import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditView } from "../../core/audit/index.ts";
import { encodeCursor } from "../../core/store/cursor.ts";
import type { Gateway } from "../../scripts/local/gateway.ts";
import { type Account, account, openTestWorld, PASSWORD, type TestWorld } from "../world/index.ts";
import { ask, nextOf, serveAuth, type Told } from "./served.ts";

const AUDIT = "/admin/api/v1/audit";

let world: TestWorld;
let gateway: Gateway;
let admin: Account;
const secrets: string[] = [];
/** When all this began, and what was asked. */
let since: string;

beforeAll(async () => {
  world = await openTestWorld();
  gateway = await serveAuth(world);
  admin = await account(world, "admin");
  since = new Date(world.now()).toISOString();
  await live();
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

/** A user comes, errs, and goes; an admin makes keys and ends them. Each with a request id of its own. */
async function live(): Promise<void> {
  const email = "ada@example.com";
  const say = (route: string, id: string, given: { token?: string; body?: unknown } = {}) =>
    ask(gateway, route, { ...given, headers: { "x-request-id": id } });
  await say("POST /api/v1/auth/register", "r-register", { body: { email, password: PASSWORD } });
  await say("POST /api/v1/auth/login", "r-wrong", { body: { email, password: "not the password" } });
  const { body: grant } = await say("POST /api/v1/auth/login", "r-login", {
    body: { email, password: PASSWORD },
  });
  await say("PUT /api/v1/auth/profile", "r-profile", {
    token: grant.access_token,
    body: { full_name: "Ada" },
  });
  await say("POST /api/v1/auth/logout", "r-logout", { token: grant.access_token });
  const token = admin.token;
  const key = await say("POST /api/v1/auth/keys", "r-key", { token, body: { name: "k", scopes: ["route"] } });
  await say(`DELETE /api/v1/auth/keys/${key.body.id}`, "r-key-end", { token });
  const join = await say("POST /api/v1/auth/join-tokens", "r-join", { token, body: { uses: 2 } });
  await say(`DELETE /api/v1/auth/join-tokens/${join.body.id}`, "r-join-end", { token });
  secrets.push(
    PASSWORD,
    "not the password",
    grant.access_token,
    grant.refresh_token,
    key.body.key,
    join.body.token,
  );
}

const asked = (query: string, token: string | undefined = admin.token) =>
  ask(gateway, `GET ${AUDIT}${query}`, { token });

async function all(query: string): Promise<AuditView[]> {
  const rows: AuditView[] = [];
  let at: string | undefined = `${AUDIT}?limit=3&since=${since}&${query}`;
  while (at !== undefined) {
    const page: Told = await ask(gateway, `GET ${at}`, { token: admin.token });
    expect(page.status).toBe(200);
    rows.push(...page.body);
    at = nextOf(page);
  }
  return rows;
}

it("has every change and every refusal, newest first, by whom and from where, and no secret", async () => {
  const rows = await all("");
  expect(rows.map(({ action, result, request_id }) => [request_id, action, result]).reverse()).toEqual([
    ["r-register", "user.register", "done"],
    ["r-wrong", "login.refuse", "refused"],
    ["r-login", "session.begin", "done"],
    ["r-profile", "user.update", "done"],
    ["r-logout", "session.end", "done"],
    ["r-key", "key.create", "done"],
    ["r-key-end", "key.delete", "done"],
    ["r-join", "join_token.create", "done"],
    ["r-join-end", "join_token.delete", "done"],
  ]);
  expect(new Set(rows.map(({ address }) => address)).size).toBe(1);
  expect(rows[0]).toMatchObject({
    actor: `admin:${admin.id}`,
    address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
  });
  for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret);
});

it("is filtered", async () => {
  expect((await all("action=key")).map(({ action }) => action)).toEqual(["key.delete", "key.create"]);
  expect(await all("result=refused")).toHaveLength(1);
  expect((await all("actor=user")).map(({ request_id }) => request_id)).toEqual([
    "r-logout",
    "r-profile",
    "r-login",
  ]);
  expect(await all(`actor=admin:${admin.id}`)).toHaveLength(4);
  expect(await all("target=nobody")).toEqual([]);
});

describe("as a file", () => {
  it.each([
    ["json", "application/json"],
    ["ndjson", "application/x-ndjson"],
    ["csv", "text/csv; charset=utf-8"],
  ])("%s has every row", async (format, type) => {
    const answer = await asked(`/export?format=${format}&since=${since}`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": type,
      "content-disposition": `attachment; filename="audit.${format}"`,
      "x-export-complete": "true",
      "cache-control": "no-store",
    });
    const rows = await all("");
    const lines = answer.text.trimEnd().split("\n");
    if (format === "json") expect(answer.body).toEqual(rows);
    if (format === "ndjson") expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
    if (format === "csv")
      expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(rows.map(({ id }) => id));
  });
});

describe("bad input is refused with the field's name:", () => {
  const filters: [string, string][] = [
    ["result=lost", "result"],
    ["result=done&result=failed", "result"],
    ["actor=", "actor"],
    [`action=${"x".repeat(65)}`, "action"],
    ["since=yesterday", "since"],
    ["since=2026-01-02&until=2026-01-01", "since"],
    ["cursor=", "cursor"],
  ];
  it.each([
    ...filters.map(([query, field]) => [`?${query}`, field]),
    ...filters.map(([query, field]) => [`/export?${query}`, field]),
    ["?limit=0", "limit"],
    ["?limit=1001", "limit"],
    ["/export?format=xml", "format"],
  ] as [string, string][])("%.60s", async (query, field) => {
    const answer = await asked(query);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toContain(field);
  });

  it("cursors from elsewhere", async () => {
    const list = new URL(nextOf(await asked("?limit=1"))!).searchParams.get("cursor")!;
    const place = "0199a5c0-0000-7000-8000-000000000000";
    for (const cursor of [
      "nonsense",
      encodeCursor("requests", place),
      encodeCursor("audit", "x"),
      encodeCursor("audit", [place]),
    ]) {
      for (const path of ["", "/export"]) {
        expect((await asked(`${path}?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400);
      }
    }
    expect((await asked(`/export?cursor=${list}`)).status).toBe(400);
  });
});
