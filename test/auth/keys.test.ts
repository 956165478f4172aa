import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TABLES } from "../../core/tables.ts";
import type { Gateway } from "../../scripts/local/gateway.ts";
import { type Credentials, credentials, nodeKey, openTestWorld, type TestWorld } from "../world/index.ts";
import { ask, nextOf, serveAuth, type Told } from "./served.ts";

const KEYS = "/api/v1/auth/keys";
const TOKENS = "/api/v1/auth/join-tokens";

let world: TestWorld;
let gateway: Gateway;
let who: Credentials;
beforeAll(async () => {
  world = await openTestWorld();
  gateway = await serveAuth(world);
  who = await credentials(world);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

const asAdmin = (route: string, body?: unknown, headers: Record<string, string> = {}) =>
  ask(gateway, route, { token: who.admin.token, body, headers });
const audit = (token: string) => ask(gateway, "GET /admin/api/v1/audit?limit=1", { token });

/** All that is stored, as text. */
async function stored(): Promise<string> {
  const tables = await Promise.all(
    TABLES.map((spec) => world.store.doc.send(new ScanCommand({ TableName: world.store.table(spec) }))),
  );
  return JSON.stringify(
    tables.map(({ Items }) => Items),
    (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value),
  );
}

async function listed(path: string): Promise<ReturnType<typeof JSON.parse>[]> {
  const all: unknown[] = [];
  let at: string | undefined = `${path}?limit=2`;
  while (at !== undefined) {
    const page: Told = await asAdmin(`GET ${at}`);
    expect(page.status).toBe(200);
    all.push(...page.body);
    at = nextOf(page);
  }
  return all;
}

describe("service keys", () => {
  it("are shown once, listed without what they are, and refused once they are deleted", async () => {
    const body = { name: "dashboard", scopes: ["requests:read", "requests:read", "nodes:read"] };
    const made = await asAdmin(`POST ${KEYS}`, body);
    expect(made.status).toBe(201);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const { key, ...view } = made.body;
    expect(view).toEqual({
      id: expect.any(String),
      name: "dashboard",
      scopes: ["requests:read", "nodes:read"],
      created_at: expect.any(String),
      created_by: `admin:${who.admin.id}`,
      expires_at: null,
      last_used_at: null,
    });
    expect(key).toMatch(/^arx_key_[0-9a-f-]{36}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(await stored()).not.toContain(key.split("_")[3]);
    expect((await listed(KEYS)).find(({ id }) => id === view.id)).toEqual(view);
    expect((await audit(key)).body).toMatchObject({
      status: 403,
      detail: expect.stringContaining("an admin"),
    });
    expect((await listed(KEYS)).find(({ id }) => id === view.id).last_used_at).not.toBeNull();
    expect((await asAdmin(`DELETE ${KEYS}/${view.id}`)).status).toBe(204);
    expect((await asAdmin(`DELETE ${KEYS}/${view.id}`)).status).toBe(404);
    expect(await listed(KEYS)).not.toContainEqual(expect.objectContaining({ id: view.id }));
    world.memory.clear();
    expect((await audit(key)).status).toBe(401);
  });

  it("are listed page by page, newest first, none twice", async () => {
    for (let n = 0; n < 5; n++) await asAdmin(`POST ${KEYS}`, { name: `k-${n}`, scopes: ["route"] });
    const ids = (await listed(KEYS)).map(({ id }) => id as string);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids.length).toBeGreaterThanOrEqual(5);
  });

  it("under an Idempotency-Key are made once; the repeat gets the same key, which is nowhere stored in clear", async () => {
    const once = () =>
      asAdmin(`POST ${KEYS}`, { name: "once", scopes: ["route"] }, { "idempotency-key": "k-1" });
    const first = await once();
    const again = await once();
    expect(first.status).toBe(201);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect((await listed(KEYS)).filter(({ name }) => name === "once")).toHaveLength(1);
    expect(await stored()).not.toContain(first.body.key.split("_")[3]);
    const other = await asAdmin(
      `POST ${KEYS}`,
      { name: "other", scopes: ["route"] },
      { "idempotency-key": "k-1" },
    );
    expect(other.status).toBe(409);
  });

  it.each([
    [{ scopes: ["route"] }, "name"],
    [{ name: "", scopes: ["route"] }, "name"],
    [{ name: "x" }, "scopes"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["admin"] }, "scopes.0"],
    [{ name: "x", scopes: ["route"], expires_at: "tomorrow" }, "expires_at"],
    [{ name: "x", scopes: ["route"], expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
  ])("of %j are refused by the field's name", async (body, field) => {
    const answer = await asAdmin(`POST ${KEYS}`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toContain(field);
  });

  it("with a broken checksum, or cut, or of another are no credential", async () => {
    const body = who.service.slice(0, -6);
    const other = who.service.endsWith("000000") ? "000001" : "000000";
    const wrong = [
      `${body}${other}`,
      who.service.slice(0, -1),
      who.service.replace("arx_key_", "arx_join_"),
      who.service.replace("arx_key_", "arx_admin_"),
      `${who.service}x`,
      "arx_",
    ];
    for (const token of wrong) {
      const answer = await audit(token);
      expect([token, answer.status]).toEqual([token, 401]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(answer.text).not.toContain(token);
    }
  });
});

describe("join tokens", () => {
  it("are shown once, listed without what they are, and end", async () => {
    const body = { name: "rack 7", uses: 3, role: "edge", labels: ["gpu"], region: "eu" };
    const made = await asAdmin(`POST ${TOKENS}`, body);
    expect(made.status).toBe(201);
    const { token, ...view } = made.body;
    expect(token).toMatch(/^arx_join_/);
    expect(view).toMatchObject({
      ...body,
      uses_left: 3,
      created_by: `admin:${who.admin.id}`,
      last_used_at: null,
    });
    const lasts = Date.parse(view.expires_at) - Date.parse(view.created_at);
    expect(lasts).toBe(86_400_000);
    expect((await listed(TOKENS)).find(({ id }) => id === view.id)).toEqual(view);
    expect(await stored()).not.toContain(token.split("_")[3]);
    expect((await audit(token)).status).toBe(403);
    expect((await asAdmin(`DELETE ${TOKENS}/${view.id}`)).status).toBe(204);
    expect((await asAdmin(`DELETE ${TOKENS}/${view.id}`)).status).toBe(404);
    world.memory.clear();
    expect((await audit(token)).status).toBe(401);
  });

  it.each([
    [{ uses: 0 }, "uses"],
    [{ uses: 1.5 }, "uses"],
    [{ uses: "3" }, "uses"],
    [{ labels: "gpu" }, "labels"],
    [{ expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
  ])("of %j are refused by the field's name", async (body, field) => {
    const answer = await asAdmin(`POST ${TOKENS}`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toContain(field);
  });
});

describe("a node's keys", () => {
  const path = (id: string) => `/admin/api/v1/nodes/${id}`;

  it("are rotated by the node itself, two live meanwhile, and by an admin", async () => {
    const old = await nodeKey(world, "n-1");
    expect((await ask(gateway, `GET ${path("n-1")}/keys`, { token: old })).body).toHaveLength(1);
    const rotated = await ask(gateway, `POST ${path("n-1")}/rotate-key`, {
      token: old,
      body: { grace_s: 60 },
    });
    expect(rotated).toMatchObject({ status: 200, body: { node_id: "n-1", expires_at: null } });
    expect(rotated.headers.get("cache-control")).toBe("no-store");
    const fresh = rotated.body.node_key as string;
    for (const token of [old, fresh]) {
      const keys = await ask(gateway, `GET ${path("n-1")}/keys`, { token });
      expect(keys.body.map(({ expires_at }: { expires_at: string | null }) => expires_at === null)).toEqual([
        true,
        false,
      ]);
      expect(keys.text).not.toContain("arx_node_");
    }
    expect((await asAdmin(`POST ${path("n-1")}/rotate-key`, {})).status).toBe(200);
    expect((await asAdmin(`POST ${path("n-1")}/rotate-key`, { grace_s: -1 })).status).toBe(422);
    expect((await asAdmin(`POST ${path("nobody")}/rotate-key`, {})).status).toBe(404);
    expect((await asAdmin(`GET ${path("nobody")}/keys`)).status).toBe(404);
  });

  it("end one by one, or all; only an admin ends them", async () => {
    const old = await nodeKey(world, "n-2");
    const { body } = await asAdmin(`POST ${path("n-2")}/rotate-key`, {});
    expect((await ask(gateway, `DELETE ${path("n-2")}/keys`, { token: old })).status).toBe(403);
    expect((await asAdmin(`DELETE ${path("n-2")}/keys?key_id=nonsense`)).status).toBe(400);
    expect((await asAdmin(`DELETE ${path("n-2")}/keys?key_id=${body.id}`)).status).toBe(204);
    expect((await asAdmin(`DELETE ${path("n-2")}/keys?key_id=${body.id}`)).status).toBe(404);
    world.memory.clear();
    expect((await ask(gateway, `GET ${path("n-2")}/keys`, { token: body.node_key })).status).toBe(401);
    expect((await ask(gateway, `GET ${path("n-2")}/keys`, { token: old })).status).toBe(200);
    expect((await asAdmin(`DELETE ${path("n-2")}/keys`)).status).toBe(204);
    world.memory.clear();
    expect((await ask(gateway, `GET ${path("n-2")}/keys`, { token: old })).status).toBe(401);
  });

  it("act for that node alone", async () => {
    await nodeKey(world, "n-3");
    const { node } = who;
    const answer = await ask(gateway, `POST ${path("n-3")}/rotate-key`, { token: node, body: {} });
    expect(answer).toMatchObject({ status: 403, body: { detail: "A node's key acts for that node alone." } });
    expect((await ask(gateway, `GET ${path("n-3")}/keys`, { token: node })).status).toBe(403);
    expect((await asAdmin(`GET ${path("n-3")}/keys`)).body).toHaveLength(1);
  });
});

describe("whoever is no admin", () => {
  const routes = [
    `GET ${KEYS}`,
    `POST ${KEYS}`,
    `DELETE ${KEYS}/0199a5c0-0000-7000-8000-000000000000`,
    `GET ${TOKENS}`,
    `POST ${TOKENS}`,
    `DELETE ${TOKENS}/0199a5c0-0000-7000-8000-000000000000`,
    "GET /admin/api/v1/audit",
    "GET /admin/api/v1/audit/export",
    "POST /admin/api/v1/nodes/somebody/rotate-key",
    "DELETE /admin/api/v1/nodes/somebody/keys",
  ];
  it.each(routes)("%s is refused: 401 without a credential, 403 with any other", async (route) => {
    const body = route.startsWith("POST") ? { name: "x", scopes: ["route"] } : undefined;
    expect((await ask(gateway, route, { body })).status).toBe(401);
    for (const token of [who.user.token, who.service, who.node, who.join]) {
      expect((await ask(gateway, route, { token, body })).status).toBe(403);
    }
  });
});
