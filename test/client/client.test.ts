import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, expectTypeOf, test } from "vitest";
import { ArxError, type Client, createClient } from "../../client/index.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Reply = (response: ServerResponse, asked: Asked) => void;

let server: Server;
let origin: string;
let replies: Reply[];
let asked: Asked[];

// Answers in turn, the last one for ever.
beforeEach(async () => {
  asked = [];
  replies = [json(200, {})];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      const reply = replies[Math.min(asked.length, replies.length) - 1]!;
      reply(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    const type = status >= 400 ? "application/problem+json" : "application/json";
    response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
  };
}

const open = (options: Partial<Parameters<typeof createClient>[0]> = {}): Client =>
  createClient({ baseUrl: origin, token: "key-1", random: () => 0, ...options });
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error as ArxError,
  );

test("a flat input becomes path, query, header and body", async () => {
  const arx = open();
  await arx.route({ request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 } });
  await arx.updateNode({ id: "zürich/1", if_match: '"3"', name: "Zürich" });
  await arx.listNodes({ label: ["a", "b&c"], limit: 10 });
  await arx.drainNode({ id: "n", deadline_s: 5 });
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ["POST", "/api/v1/route", '{"request_id":"r-1","coordinates":{"lat":47.37,"lng":8.54}}'],
    ["PUT", "/admin/api/v1/nodes/z%C3%BCrich%2F1", '{"name":"Zürich"}'],
    ["GET", "/api/v1/nodes?label=a&label=b%26c&limit=10", ""],
    ["POST", "/admin/api/v1/nodes/n/drain", '{"deadline_s":5}'],
  ]);
  expect(asked[1]?.headers).toMatchObject({
    authorization: "Bearer key-1",
    "if-match": '"3"',
    "content-type": "application/json",
  });
  expect(asked[2]?.headers["content-type"]).toBeUndefined();
});

test("answers come as their bodies: JSON, text, or nothing", async () => {
  replies = [
    json(200, { id: "n" }),
    (response) => response.writeHead(204).end(),
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
  ];
  const arx = open();
  expect(await arx.getNode({ id: "n" })).toEqual({ id: "n" });
  expect(await arx.deleteNode({ id: "n" })).toBeUndefined();
  expect(await arx.getDocs()).toBe("<p>");
});

test("its methods are typed by the endpoint list", () => {
  const arx = open();
  expectTypeOf(arx.route).parameter(0).toHaveProperty("request_id").toEqualTypeOf<string>();
  expectTypeOf<Awaited<ReturnType<typeof arx.route>>["routed_to"]["id"]>().toEqualTypeOf<string>();
  expectTypeOf<Awaited<ReturnType<typeof arx.activateNode>>["revision"]>().toEqualTypeOf<number>();
  expectTypeOf<Awaited<ReturnType<typeof arx.scanNetwork>>["next"]>().toEqualTypeOf<number | null>();
  // @ts-expect-error an id is required
  const withoutId = () => arx.getNode({});
  // @ts-expect-error there is no such endpoint
  const unknown = () => arx.explode();
  // @ts-expect-error it answers no pages
  const unpaged = () => arx.all.getNode({ id: "n" });
  expect([withoutId, unknown, unpaged]).toHaveLength(3);
});

test("a listing is walked over all its pages, by the cursor of each link", async () => {
  const link = (cursor: string) => ({
    link: `<https://elsewhere.example.com/x?limit=2&cursor=${cursor}>; rel="next"`,
  });
  replies = [
    json(200, [{ id: "a" }, { id: "b" }], link("c%201")),
    json(200, [], link("c2")),
    json(200, [{ id: "c" }]),
  ];
  const ids: string[] = [];
  for await (const node of open().all.listNodes({ limit: 2 })) ids.push(node.id);
  expect(ids).toEqual(["a", "b", "c"]);
  expect(asked.map(({ url }) => url)).toEqual([
    "/api/v1/nodes?limit=2",
    "/api/v1/nodes?limit=2&cursor=c+1",
    "/api/v1/nodes?limit=2&cursor=c2",
  ]);
});

test("a walk that is left asks for no further page", async () => {
  replies = [json(200, [{ id: "a" }, { id: "b" }], { link: '</x?cursor=c>; rel="next"' })];
  for await (const node of open().all.listNodes({})) {
    expect(node.id).toBe("a");
    break;
  }
  expect(asked).toHaveLength(1);
});

test("a ledger, which is no array, is walked page by page", async () => {
  replies = [
    json(200, { flap_count: 1, transitions: [1] }, { link: '</x?cursor=c>; rel="next"' }),
    json(200, { transitions: [2] }),
  ];
  const pages = [];
  for await (const page of open().all.getNodeTransitions({ id: "n" })) pages.push(page.transitions);
  expect(pages).toEqual([[1], [2]]);
});

test("a problem document becomes an ArxError with all it says", async () => {
  const problem = { title: "Conflict", status: 409, detail: "There is a node n already.", request_id: "q-1" };
  replies = [json(409, problem)];
  const error = await failure(
    open().createNode({ name: "n", endpoint: "https://n.example.com", location: { x: 1, y: 2 } }),
  );
  expect(error).toBeInstanceOf(ArxError);
  expect(error).toMatchObject({ status: 409, message: problem.detail, requestId: "q-1", problem });
});

test("a 503 of routing says its code and is not tried again", async () => {
  replies = [json(503, { detail: "Too far.", code: "TOO_FAR" })];
  const error = await failure(open().route({ request_id: "r", coordinates: { x: 1, y: 2 } }));
  expect(error).toMatchObject({ status: 503, code: "TOO_FAR" });
  expect(asked).toHaveLength(1);
});

test("an answer that is no problem document is an ArxError all the same", async () => {
  replies = [
    (response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>"),
  ];
  expect(await failure(open().getService())).toMatchObject({
    status: 502,
    problem: { title: "Bad Gateway" },
  });
});

test("an unhealthy service is an answer, and no error", async () => {
  replies = [
    (response) =>
      response
        .writeHead(503, { "content-type": "application/json" })
        .end(JSON.stringify({ status: "unhealthy", database: { connected: false } })),
  ];
  expect(await open().getHealth()).toMatchObject({ status: "unhealthy" });
  expect(asked).toHaveLength(1);
});

const busy = json(429, { detail: "Too many." }, { "retry-after": "0" });

test("what may be repeated is, after 429 and 503, and then succeeds", async () => {
  replies = [busy, json(503, { detail: "No store." }), json(200, { id: "n" })];
  expect(await open({ retries: 2 }).getNode({ id: "n" })).toEqual({ id: "n" });
  expect(asked).toHaveLength(3);
});

test("repeats are bounded", async () => {
  replies = [busy];
  expect(await failure(open({ retries: 2 }).getNode({ id: "n" }))).toMatchObject({ status: 429 });
  expect(asked).toHaveLength(3);
});

test("a POST is repeated only under an Idempotency-Key, with the same key and body", async () => {
  replies = [busy];
  const node = { name: "n", endpoint: "https://n.example.com", location: { x: 1, y: 2 } };
  await failure(open({ retries: 2 }).registerNode(node));
  expect(asked).toHaveLength(1);
  asked.length = 0;
  await failure(open({ retries: 2 }).registerNode(node, { idempotencyKey: "key-7" }));
  expect(asked.map(({ headers, body }) => [headers["idempotency-key"], body])).toEqual(
    Array.from({ length: 3 }, () => ["key-7", JSON.stringify(node)]),
  );
});

test("a connection that breaks is tried again, and told of when it stays so", async () => {
  replies = [(response) => response.destroy(), json(200, { id: "n" })];
  expect(await open({ retries: 1 }).getNode({ id: "n" })).toEqual({ id: "n" });
  replies = [(response) => response.destroy()];
  const error = await failure(open({ retries: 1 }).getNode({ id: "n" }));
  expect(error).toMatchObject({ status: 0, code: "NETWORK" });
  expect(error.cause).toBeDefined();
});

test("an answer that does not come ends at the timeout", async () => {
  replies = [() => {}];
  expect(await failure(open({ retries: 0, timeoutMs: 50 }).getNode({ id: "n" }))).toMatchObject({
    status: 0,
    code: "TIMEOUT",
  });
});

test("the caller's signal ends a call at once, with its own reason, and no repeat", async () => {
  const ending = new AbortController();
  replies = [() => ending.abort(new Error("enough"))];
  await expect(open().getNode({ id: "n" }, { signal: ending.signal })).rejects.toThrow("enough");
  await expect(open().getNode({ id: "n" }, { signal: ending.signal })).rejects.toThrow("enough");
  expect(asked).toHaveLength(1);
});

test.each(["", ".", "..", undefined, 7])("%j is no part of a path", async (id) => {
  await expect(open().getNode({ id: id as string })).rejects.toThrow(TypeError);
  expect(asked).toHaveLength(0);
});

test("a base below a path keeps it, and another fetch is used when given", async () => {
  const seen: string[] = [];
  const arx = createClient({
    baseUrl: "https://example.com/arx/",
    fetch: async (request) => {
      seen.push((request as Request).url);
      return Response.json([]);
    },
  });
  await arx.listNodes();
  expect(seen).toEqual(["https://example.com/arx/api/v1/nodes"]);
});

test("its bundle has no schema in it and stays small", async () => {
  const made = await build({
    entryPoints: [new URL("../../client/index.ts", import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
  });
  const size = made.outputFiles[0]!.contents.length;
  console.log(`client bundle: ${size} bytes`);
  const inputs = Object.keys(made.metafile.inputs);
  expect(inputs.filter((path) => !/(^|\/)client\/[a-z-]+\.ts$/.test(path))).toEqual([]);
  expect(size).toBeLessThan(12_500);
});
