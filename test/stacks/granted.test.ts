import { createHash } from "node:crypto";
import type { Context } from "aws-lambda";
import { hash } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { World } from "../../core/ctx.ts";
import { Keys } from "../../core/keys/index.ts";
import { transact } from "../../core/store/index.ts";
import { Users } from "../../core/users/index.ts";
import { makeAnalytics } from "../../functions/http/analytics.ts";
import { makeAudit } from "../../functions/http/audit.ts";
import { makeAuth } from "../../functions/http/auth.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import { makeDiscovery } from "../../functions/http/discovery.ts";
import { makeNodes } from "../../functions/http/nodes.ts";
import { makeTickets } from "../../functions/http/realtime.ts";
import { makeRequests } from "../../functions/http/requests.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { makeService } from "../../functions/http/service.ts";
import { makeWebhooks } from "../../functions/http/webhooks.ts";
import { makeRealtime } from "../../functions/ws/realtime.ts";
import type { FunctionName } from "../../stacks/functions.ts";
import { GRANTS } from "../../stacks/grants.ts";
import { json, startEdge } from "../discovery/edge.ts";
import { httpEvent } from "../http/event.ts";
import { makeNode } from "../nodes/factory.ts";
import {
  adminCtx,
  type Credentials,
  credentials,
  openTestWorld,
  PASSWORD,
  type TestWorld,
} from "../world/index.ts";
import { type WatchedWorld, watchedWorld } from "./granted.ts";

const LAMBDA = { getRemainingTimeInMillis: () => 9000, awsRequestId: "a" } as Context;

let world: TestWorld;
let held: Credentials;
let watched: WatchedWorld;

beforeAll(async () => {
  world = await openTestWorld();
  held = await credentials(world);
});
afterAll(() => world.close());

type Ask = (
  asked: `${"GET" | "POST" | "PUT" | "DELETE"} /${string}`,
  credential: string | null,
  body?: unknown,
  status?: number,
) => Promise<Record<string, unknown>>;

/** Opens a function on tables that note what it does there. */
function opened(name: FunctionName, make: (open: () => World) => HttpHandler, on: World = world): Ask {
  watched = watchedWorld(on, name);
  const handler = make(() => watched);
  return async (asked, credential, body, status) => {
    const [method, path] = asked.split(" ") as [string, string];
    const event = httpEvent({
      method,
      path,
      headers: {
        ...(credential ? { authorization: `Bearer ${credential}` } : {}),
        ...(method === "POST" ? { "idempotency-key": keyOf(asked, body) } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await handler(event, LAMBDA);
    const said = `${asked} ${answer.body}`;
    const wanted = status ?? (method === "DELETE" ? 204 : undefined);
    if (wanted) expect(answer.statusCode, said).toBe(wanted);
    else expect(answer.statusCode, said).toBeLessThan(300);
    return answer.body?.startsWith("{") || answer.body?.startsWith("[") ? JSON.parse(answer.body) : {};
  };
}

/** The same for the same call: who asks twice gets the first answer. */
function keyOf(asked: string, body: unknown): string {
  return createHash("sha256")
    .update(`${asked} ${JSON.stringify(body)}`)
    .digest("base64url");
}

/** Tables whose every grant must have been of use here. */
const IDENTITY = [
  "users",
  "sessions",
  "signing-keys",
  "credentials",
  "credentials/newest",
  "limits",
  "audit",
];

/** Holds what was done against the function's grants; `earlier` is what it did elsewhere. */
function settle(name: FunctionName, earlier: ReadonlySet<string> = new Set()): void {
  watched.close();
  const called = new Set([...watched.called, ...earlier]);
  expect([...watched.refused], `${name} is refused`).toEqual([]);
  for (const [table, actions] of Object.entries(GRANTS[name].tables)) {
    if (!IDENTITY.includes(table)) continue;
    for (const action of actions) expect(called, `${name} has no use for`).toContain(`${table} ${action}`);
  }
  if (GRANTS[name].seals) expect(called).toContain("kms GenerateDataKey");
  if (GRANTS[name].opens) expect(called).toContain("kms Decrypt");
}

/** What a function that tells who calls reads, by a credential of each kind. */
async function asEach(ask: Ask, asked: Parameters<Ask>[0], body?: unknown, status?: number): Promise<void> {
  for (const credential of [held.admin.token, held.service]) await ask(asked, credential, body, status);
}

describe("what functions do is granted, and of identities nothing more is", () => {
  it("auth", async () => {
    const ada = { email: "ada@granted.example", password: PASSWORD };
    const fresh = await openTestWorld();
    const begin = opened("auth", makeAuth, fresh);
    // Nobody logged in here before: it makes the first key to sign with.
    await begin("POST /api/v1/auth/register", null, ada);
    await begin("POST /api/v1/auth/login", null, ada);
    const begun = watched;
    begun.close();
    await fresh.close();
    expect([...begun.refused]).toEqual([]);
    const ask = opened("auth", makeAuth);
    await ask("POST /api/v1/auth/register", null, ada);
    await ask("POST /api/v1/auth/login", null, { ...ada, password: "another password" }, 401);
    const first = await ask("POST /api/v1/auth/login", null, ada);
    const { access_token, refresh_token } = await ask("POST /api/v1/auth/refresh", null, {
      refresh_token: first.refresh_token,
    });
    const token = access_token as string;
    await ask("GET /api/v1/auth/profile", token);
    await ask("PUT /api/v1/auth/profile", token, {
      email: "king@granted.example",
      current_password: PASSWORD,
    });
    await ask("POST /api/v1/auth/login", null, { ...ada, email: "king@granted.example" });
    await ask("PUT /api/v1/auth/profile", token, { password: `${PASSWORD}!`, current_password: PASSWORD });
    const [session] = (await ask("GET /api/v1/auth/sessions", token)) as unknown as { id: string }[];
    await ask("POST /api/v1/auth/logout", null, { refresh_token });
    await ask(`DELETE /api/v1/auth/sessions/${session!.id}`, token, undefined, 401);
    const old = { email: "old@granted.example", password: PASSWORD };
    await Users.importUser(adminCtx(world), { email: old.email, password_hash: await hash(PASSWORD, 4) });
    await ask("POST /api/v1/auth/login", null, old);
    const root = held.admin.token;
    const key = await ask("POST /api/v1/auth/keys", root, { name: "k", scopes: ["route"] });
    expect(await ask("POST /api/v1/auth/keys", root, { name: "k", scopes: ["route"] })).toEqual(key);
    await ask("GET /api/v1/auth/keys", root);
    await ask(`DELETE /api/v1/auth/keys/${key.id as string}`, root);
    const join = await ask("POST /api/v1/auth/join-tokens", root, {});
    await ask("GET /api/v1/auth/join-tokens", root);
    await ask(`DELETE /api/v1/auth/join-tokens/${join.id as string}`, root);
    const node = `/admin/api/v1/nodes/${held.nodeId}` as const;
    await ask(`POST ${node}/rotate-key`, held.node, {});
    await ask(`GET ${node}/keys`, held.node);
    await ask(`DELETE ${node}/keys`, root);
    const keyless = await makeNode(adminCtx(world));
    await transact(world.store, [Keys.withoutNodeKeys(adminCtx(world), keyless)]);
    await ask(`POST /admin/api/v1/nodes/${keyless}/rotate-key`, root, {});
    await ask("GET /.well-known/jwks.json", null);
    settle("auth", begun.called);
  });

  it("nodes", async () => {
    const ask = opened("nodes", makeNodes);
    const place = { location: { lat: 47.37, lng: 8.54 }, endpoint: "https://zurich.example" };
    const own = { name: "own", provider: "p", credentials: { token: "t" }, ...place };
    await ask("POST /api/v1/nodes/register", held.service, { name: "registered", ...place });
    await ask("POST /api/v1/nodes/register", held.join, { name: "joined", node_id: "joined", ...place });
    const root = held.admin.token;
    const made = await ask("POST /admin/api/v1/nodes", root, own);
    expect(await ask("POST /admin/api/v1/nodes", root, own)).toEqual(made);
    const { id } = made as { id: string };
    await ask("POST /admin/api/v1/nodes/register", root, { ...own, name: "more", auto_start: true });
    for (const path of ["/api/v1/nodes", "/admin/api/v1/nodes", `/api/v1/nodes/${id}`] as const)
      await asEach(ask, `GET ${path}`);
    const node = `/admin/api/v1/nodes/${id}` as const;
    await ask(`GET ${node}/status`, root);
    await ask(`GET ${node}/transitions`, root);
    await ask(`POST ${node}/activate`, root);
    await ask(`PUT ${node}`, root, { credentials: null, capacity: 5 });
    await ask(`GET /api/v1/metrics/edge/${id}`, root);
    await ask(`DELETE ${node}`, root);
    settle("nodes");
  });

  it("discovery", async () => {
    const edge = await startEdge({
      "/identity": json({ node_id: "granted", location: { x: 8.5, y: 47.3 } }),
    });
    try {
      const ask = opened("discovery", makeDiscovery);
      await ask("POST /admin/api/v1/discovery/discover", held.admin.token, { endpoint: edge.origin });
      await ask("POST /admin/api/v1/discovery/batch", held.service, { endpoints: [edge.origin] });
      settle("discovery");
    } finally {
      await edge.close();
    }
  });

  it("routing, requests, analytics and audit", async () => {
    let ask = opened("routing", makeRouting);
    const request = { request_id: "r", coordinates: { lat: 1, lng: 1 } };
    await asEach(ask, "POST /api/v1/route", request, 503);
    await ask("POST /api/v1/route", null, request, 503);
    settle("routing");
    ask = opened("requests", makeRequests);
    await asEach(ask, "GET /admin/api/v1/requests");
    await ask("GET /admin/api/v1/requests/export?format=json", held.admin.token);
    settle("requests");
    ask = opened("analytics", makeAnalytics);
    for (const what of ["analytics/summary", "analytics/nodes", "analytics/heatmap", "dashboard/metrics"])
      await asEach(ask, `GET /admin/api/v1/${what}`);
    settle("analytics");
    ask = opened("audit", makeAudit);
    await ask("GET /admin/api/v1/audit", held.service, undefined, 403);
    await ask("GET /admin/api/v1/audit", held.admin.token);
    await ask("GET /admin/api/v1/audit/export", held.admin.token);
    settle("audit");
  });

  it("webhooks, tickets, service and realtime", async () => {
    let ask = opened("webhooks", makeWebhooks);
    const wanted = { url: "https://hooks.example/x", types: ["node_created"] };
    const webhook = await ask("POST /admin/api/v1/webhooks", held.admin.token, wanted);
    expect(await ask("POST /admin/api/v1/webhooks", held.admin.token, wanted)).toEqual(webhook);
    await ask("GET /admin/api/v1/webhooks", held.service, undefined, 403);
    const path = `/admin/api/v1/webhooks/${webhook.id as string}` as const;
    await ask(`PUT ${path}`, held.admin.token, { active: false });
    await ask(`PUT ${path}`, held.admin.token, { active: true });
    await ask(`POST ${path}/rotate-secret`, held.admin.token, {});
    await ask(`DELETE ${path}`, held.admin.token);
    settle("webhooks");
    ask = opened("service", makeService);
    await asEach(ask, "GET /api/v1/health");
    settle("service");
    ask = opened("tickets", makeTickets);
    await asEach(ask, "POST /api/v1/ws-tickets");
    const { ticket } = await ask("POST /api/v1/ws-tickets", held.admin.token);
    settle("tickets");
    watched = watchedWorld(world, "realtime");
    const realtime = makeRealtime(
      () => watched,
      () => ({ post: async () => "sent", close: async () => {} }),
    );
    const event = (routeKey: string, more: object) => ({
      requestContext: { routeKey, connectionId: "c-1", requestId: "q" },
      ...more,
    });
    const connects = [
      { queryStringParameters: { channel: "admin", ticket } },
      { queryStringParameters: { channel: "admin" }, headers: { Authorization: `Bearer ${held.service}` } },
      {
        queryStringParameters: { channel: "admin" },
        headers: { Authorization: `Bearer ${held.admin.token}` },
      },
    ];
    for (const one of connects) {
      const answer = await realtime(event("$connect", one), LAMBDA);
      expect(answer, JSON.stringify(answer)).toMatchObject({ statusCode: 200 });
    }
    await realtime(event("$default", { body: '{"action":"subscribe","types":["node_created"]}' }), LAMBDA);
    await realtime(event("$disconnect", {}), LAMBDA);
    settle("realtime");
  });
});
