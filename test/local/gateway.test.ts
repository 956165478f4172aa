import { connect } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterEach, expect, test } from "vitest";
import type { Domain } from "../../contract/index.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import {
  type Exchange,
  type FunctionHandlers,
  type Gateway,
  type GatewayOptions,
  startGateway,
} from "../../scripts/local/gateway.ts";
import type { RouteSource } from "../../scripts/local/routes.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";

const endpoints: RouteSource[] = [
  { method: "POST", path: "/api/v1/route", domain: "routing" },
  { method: "GET", path: "/api/v1/nodes/{id}", domain: "nodes" },
  { method: "GET", path: "/api/v1/nodes", domain: "nodes" },
];

const open: Gateway[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

type Answering = (
  event: APIGatewayProxyEventV2,
  domain: Domain,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** A gateway whose functions answer with `answer`; by default with the event and the domain that got it. */
async function start(
  options: Partial<GatewayOptions> = {},
  answer: Answering = async (event, domain) => ({ statusCode: 200, body: JSON.stringify({ domain, event }) }),
): Promise<Gateway> {
  const of =
    (domain: Domain): HttpHandler =>
    (event) =>
      answer(event, domain);
  const domains = Object.keys(HTTP_FUNCTIONS) as Domain[];
  const functions = Object.fromEntries(domains.map((domain) => [domain, of(domain)])) as FunctionHandlers;
  const gateway = await startGateway({ port: 0, endpoints, functions: () => functions, ...options });
  open.push(gateway);
  return gateway;
}

async function seen(response: Response): Promise<{ domain: Domain; event: APIGatewayProxyEventV2 }> {
  return (await response.json()) as { domain: Domain; event: APIGatewayProxyEventV2 };
}

/** Sends bytes as they are, and reads until the other side closes. */
function raw(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk) => said.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(said).toString()));
  });
}

const get = (path: string, headers = "") =>
  `GET ${path} HTTP/1.1\r\nHost: arx.test\r\n${headers}Connection: close\r\n\r\n`;

async function rawEvent(gateway: Gateway, text: string): Promise<APIGatewayProxyEventV2> {
  const said = await raw(gateway.port, text);
  return (JSON.parse(said.slice(said.indexOf("\r\n\r\n") + 4)) as { event: APIGatewayProxyEventV2 }).event;
}

test("a request becomes an event of payload format 2.0", async () => {
  const gateway = await start();
  const { domain, event } = await seen(
    await fetch(`http://127.0.0.1:${gateway.port}/api/v1/route?a=1&b=2`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": "test", Authorization: "Bearer x" },
      body: '{"ü":1}',
    }),
  );
  expect(domain).toBe("routing");
  expect(event).toMatchObject({
    version: "2.0",
    routeKey: "POST /api/v1/route",
    rawPath: "/api/v1/route",
    rawQueryString: "a=1&b=2",
    queryStringParameters: { a: "1", b: "2" },
    headers: {
      authorization: "Bearer x",
      "content-type": "application/json",
      "x-forwarded-proto": "http",
      "x-forwarded-for": "127.0.0.1",
    },
    requestContext: {
      http: {
        method: "POST",
        path: "/api/v1/route",
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "test",
      },
      domainName: `127.0.0.1:${gateway.port}`,
      stage: "$default",
      routeKey: "POST /api/v1/route",
    },
    body: '{"ü":1}',
    isBase64Encoded: false,
  });
  expect(event.requestContext.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(event.headers).not.toHaveProperty("connection");
  expect(event).not.toHaveProperty("cookies");
});

test("the path and its parameters come percent-decoded, the query as it was sent", async () => {
  const gateway = await start();
  const event = await rawEvent(gateway, get("/api/v1/nodes/z%C3%BCrich%20a+b%25?q=%C3%BC+%20&q=2&e="));
  expect(event.rawPath).toBe("/api/v1/nodes/zürich a+b%");
  expect(event.requestContext.http.path).toBe("/api/v1/nodes/zürich a+b%");
  expect(event.pathParameters).toEqual({ id: "zürich a+b%" });
  expect(event.rawQueryString).toBe("q=%C3%BC+%20&q=2&e=");
  expect(event.queryStringParameters).toEqual({ q: "ü  ,2", e: "" });
});

test("an encoded slash parts segments, as it does on API Gateway, and double encoding is decoded once", async () => {
  const gateway = await start();
  expect((await rawEvent(gateway, get("/api/v1/nodes/a%2Fb"))).routeKey).toBe("$default");
  expect((await rawEvent(gateway, get("/api/v1/nodes/a%252Fb"))).pathParameters).toEqual({ id: "a%2Fb" });
});

test("headers that come more than once are joined by commas, and cookies come apart", async () => {
  const gateway = await start();
  const event = await rawEvent(
    gateway,
    get(
      "/api/v1/nodes",
      "X-Twice: one\r\nx-twice: two, three\r\nCookie: a=1; b=2\r\nX-Forwarded-For: 10.0.0.1\r\n",
    ),
  );
  expect(event.headers["x-twice"]).toBe("one,two, three");
  expect(event.cookies).toEqual(["a=1", "b=2"]);
  expect(event.headers).not.toHaveProperty("cookie");
  expect(event.headers["x-forwarded-for"]).toBe("10.0.0.1, 127.0.0.1");
});

test.each([
  ["application/json; charset=utf-8", false],
  ["text/plain", false],
  ["application/xml", false],
  ["application/octet-stream", true],
  ["application/x-www-form-urlencoded", true],
  ["image/png", true],
])("a body of type %s comes in base64: %s", async (type, encoded) => {
  const gateway = await start();
  const bytes = encoded ? Buffer.from([0, 255, 128, 10]) : Buffer.from("{}");
  const { event } = await seen(
    await fetch(`${gateway.origin}/api/v1/route`, {
      method: "POST",
      headers: { "content-type": type },
      body: bytes,
    }),
  );
  expect(event.isBase64Encoded).toBe(encoded);
  expect(Buffer.from(event.body!, encoded ? "base64" : "utf8")).toEqual(bytes);
});

test("an answer is written as the function gave it: status, headers, cookies, binary body", async () => {
  const gateway = await start({}, async () => ({
    statusCode: 207,
    headers: { "X-One": "1", "content-type": "image/png", "x-number": 2 },
    cookies: ["a=1; Path=/", "b=2"],
    body: Buffer.from([0, 255, 128]).toString("base64"),
    isBase64Encoded: true,
  }));
  const response = await fetch(`${gateway.origin}/x`);
  expect(response.status).toBe(207);
  expect(response.headers.get("x-one")).toBe("1");
  expect(response.headers.get("x-number")).toBe("2");
  expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 255, 128]));
});

test("204 has no body and no length", async () => {
  const gateway = await start({}, async () => ({ statusCode: 204 }));
  const said = await raw(gateway.port, get("/x"));
  expect(said).toMatch(/^HTTP\/1\.1 204 /);
  expect(said.toLowerCase()).not.toContain("content-length");
  expect(said.endsWith("\r\n\r\n")).toBe(true);
});

test("paths and methods without a route, HEAD among them, go to the service function", async () => {
  const gateway = await start();
  for (const [method, path] of [
    ["GET", "/nothing"],
    ["DELETE", "/api/v1/nodes"],
    ["PATCH", "/api/v1/route"],
    ["OPTIONS", "/api/v1/route"],
  ] as const) {
    const { domain, event } = await seen(await fetch(`${gateway.origin}${path}`, { method }));
    expect([domain, event.routeKey, event.requestContext.http.method]).toEqual([
      "service",
      "$default",
      method,
    ]);
    expect(event).not.toHaveProperty("pathParameters");
  }
  const head = await fetch(`${gateway.origin}/api/v1/nodes`, { method: "HEAD" });
  expect(await head.text()).toBe("");
});

async function expectProblem(response: Response, status: number): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const document = (await response.json()) as Record<string, unknown>;
  expect(document).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(document.request_id).toBe(response.headers.get("x-request-id"));
  expect(document.error).toBe(document.detail);
  return document;
}

test("broken percent-encoding is 400 with the part at fault, and reaches no function", async () => {
  const exchanges: Exchange[] = [];
  const gateway = await start({ onExchange: (exchange) => exchanges.push(exchange) }, async () => {
    throw new Error("reached");
  });
  for (const [path, part] of [
    ["/api/v1/nodes/%", "path"],
    ["/api/v1/nodes/%ff", "path"],
    ["/api/v1/nodes/%C3", "path"],
    ["/api/v1/nodes?a=%zz", "query"],
  ]) {
    const said = await raw(gateway.port, get(path!));
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(said.slice(said.indexOf("\r\n\r\n") + 4))).toMatchObject({
      status: 400,
      errors: [{ path: part }],
    });
  }
  expect(exchanges.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  expect(exchanges.filter(({ error }) => error !== undefined)).toEqual([]);
});

test("a body over 10 MB is 413, whether its length is told or not, and 10 MB are taken", async () => {
  const gateway = await start({}, async (event) => ({ statusCode: 200, body: String(event.body?.length) }));
  const url = `${gateway.origin}/api/v1/route`;
  const limit = 10 * 1024 * 1024;
  const headers = { "content-type": "text/plain" };
  expect(await (await fetch(url, { method: "POST", headers, body: "x".repeat(limit) })).text()).toBe(
    String(limit),
  );
  await expectProblem(await fetch(url, { method: "POST", headers, body: "x".repeat(limit + 1) }), 413);
  const chunked = new ReadableStream({
    start(controller) {
      for (let sent = 0; sent <= limit; sent += 65_536) controller.enqueue(Buffer.alloc(65_536, 120));
      controller.close();
    },
  });
  await expectProblem(await fetch(url, { method: "POST", headers, body: chunked, duplex: "half" }), 413);
  const after = await fetch(url, { method: "POST", headers, body: "ok" });
  expect(await after.text()).toBe("2");
});

test("headers past 10 KiB are 431, and what is no HTTP is 400, as problem documents", async () => {
  const gateway = await start();
  const large = await raw(gateway.port, get("/x", `X-Large: ${"x".repeat(11_000)}\r\n`));
  expect(large).toMatch(/^HTTP\/1\.1 431 /);
  expect(large).toContain("application/problem+json");
  const nonsense = await raw(gateway.port, "NONSENSE\r\n\r\n");
  expect(nonsense).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(nonsense.slice(nonsense.indexOf("\r\n\r\n") + 4))).toMatchObject({ status: 400 });
});

test("a function that breaks is a 500 that tells nothing, and its cause is told to the log", async () => {
  const exchanges: Exchange[] = [];
  const gateway = await start({ onExchange: (exchange) => exchanges.push(exchange) }, async () => {
    throw new Error("secret");
  });
  const document = await expectProblem(await fetch(`${gateway.origin}/x`), 500);
  expect(JSON.stringify(document)).not.toContain("secret");
  expect(exchanges).toMatchObject([{ status: 500, error: { message: "secret" } }]);
});

test("a function that does not end in time is 503", async () => {
  const gateway = await start({ timeoutMs: 50 }, () => new Promise(() => {}));
  await expectProblem(await fetch(`${gateway.origin}/x`), 503);
});

test("until its functions are there every answer is 503", async () => {
  const gateway = await start({ functions: () => undefined });
  await expectProblem(await fetch(`${gateway.origin}/api/v1/nodes`), 503);
});

test("a listed origin gets its preflight answered and may read answers; another gets nothing", async () => {
  const gateway = await start({ corsOrigins: ["https://app.test"] });
  const preflight = (origin: string) =>
    fetch(`${gateway.origin}/api/v1/route`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await preflight("https://app.test");
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.test");
  expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
  const refused = await preflight("https://evil.test");
  expect(refused.status).toBe(204);
  expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  const answer = await fetch(`${gateway.origin}/api/v1/nodes`, { headers: { origin: "https://app.test" } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.test");
  expect(answer.headers.get("access-control-expose-headers")).toContain("X-Request-Id");
});

test("a port that is taken is said so", async () => {
  const first = await start();
  await expect(start({ port: first.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("closing lets what is under way end, and takes nothing new", async () => {
  let release: () => void = () => {};
  let began: () => void = () => {};
  const underWay = new Promise<void>((resolve) => {
    began = resolve;
  });
  const gateway = await start({}, async () => {
    began();
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return { statusCode: 200, body: "done" };
  });
  const answer = fetch(`http://127.0.0.1:${gateway.port}/x`);
  await underWay;
  const closed = gateway.close();
  await expect(raw(gateway.port, get("/x"))).rejects.toThrow(/ECONNREFUSED/);
  release();
  expect(await (await answer).text()).toBe("done");
  await closed;
});
