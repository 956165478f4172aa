import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENDPOINTS } from "../../contract/index.ts";
import { openApiDocument } from "../../contract/openapi.ts";
import { makeService } from "../../functions/http/service.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let gateway: Gateway;

/** The service behind a gateway that knows its routes alone, so that all else comes to it by $default. */
function front(open: () => TestWorld): Promise<Gateway> {
  const service = makeService(open);
  const endpoints = Object.values(ENDPOINTS).filter(({ domain }) => domain === "service");
  const domains = Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, service]);
  const functions = Object.fromEntries(domains) as FunctionHandlers;
  return startGateway({ port: 0, functions: () => functions, endpoints });
}

beforeAll(async () => {
  world = await openTestWorld({ config: { ARX_VERSION: "9.8.7" } });
  gateway = await front(() => world);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

const get = (path: string, init?: RequestInit) => fetch(gateway.origin + path, init);

test("GET / says what this is and where to go on", async () => {
  const answer = await get("/");
  const body = (await answer.json()) as { service: string; version: string; links: Record<string, string> };
  expect(body).toMatchObject({ service: "arx", version: "9.8.7" });
  for (const link of Object.values(body.links)) {
    expect(Object.values(ENDPOINTS).map(({ path }) => path as string)).toContain(link);
  }
});

test("health is that of the store", async () => {
  const health = await get("/health");
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({
    status: "healthy",
    service: "arx",
    version: "9.8.7",
    database: { connected: true },
    uptime_seconds: expect.any(Number),
  });
  const v1 = await get("/api/v1/health");
  expect(v1.status).toBe(200);
  expect(await v1.json()).toMatchObject({
    status: "healthy",
    database: { connected: true },
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/),
  });
});

test.each([
  ["refuses", () => Promise.reject(new Error("ECONNREFUSED"))],
  ["hangs", () => new Promise<never>(() => {})],
])("a store that %s makes it unhealthy, in time", async (_, send) => {
  const store = { ...world.store, doc: { send } as unknown as TestWorld["store"]["doc"] };
  const broken = await front(() => ({ ...world, store }));
  try {
    for (const path of ["/health", "/api/v1/health"]) {
      const answer = await fetch(broken.origin + path);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ status: "unhealthy", database: { connected: false } });
    }
  } finally {
    await broken.close();
  }
});

test("the contract is served with the origin it was asked at", async () => {
  const answer = await get("/api/v1/openapi.json");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const expected = openApiDocument({ serverUrl: gateway.origin, version: "9.8.7" });
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(expected)));
});

test("the page has every endpoint, and nothing of it comes from elsewhere", async () => {
  const answer = await get("/docs");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const page = await answer.text();
  for (const id of Object.keys(ENDPOINTS)) expect(page).toContain(`id="${id}"`);
  expect(page).not.toMatch(/<(link|script|img|iframe)[^>]*\b(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/\son[a-z]+="/);
  expect(page).not.toMatch(/\sstyle="/);
});

test("its policy allows its own style and script by their hashes, requests to its own server, and nothing else", async () => {
  const answer = await get("/docs");
  const policy = answer.headers.get("content-security-policy") ?? "";
  const page = await answer.text();
  const inline = [...page.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)];
  expect(inline.map(([, tag]) => tag)).toEqual(["style", "script"]);
  for (const [, tag, text] of inline) {
    const hash = createHash("sha256").update(text!).digest("base64");
    expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
  }
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test.each([
  ["GET", "/nowhere", 404],
  ["GET", "/api/v1/nodes/", 404],
  ["POST", "/health", 405],
  ["DELETE", "/api/v1/route", 405],
  ["GET", "/api/v1/route", 405],
  ["PUT", "/api/v1/nodes/zurich-1", 405],
  ["POST", "/admin/api/v1/nodes/zurich-1", 405],
  ["GET", "/api/v1/nodes/a/b/c", 404],
  ["GET", "/../etc/passwd", 404],
])("%s %s is a problem document: %i", async (method, path, status) => {
  const answer = await get(path, { method, headers: { "x-request-id": "asked-1" } });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({ status, request_id: "asked-1", instance: expect.any(String) });
  if (status === 405) {
    const allowed = (answer.headers.get("allow") ?? "").split(", ");
    expect(allowed.length).toBeGreaterThan(0);
    expect(allowed).not.toContain(method);
  }
});
