import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { createOutbound, type Outbound, type OutboundPolicy } from "../../core/outbound/index.ts";
import { startBad } from "./bad-servers.ts";

const caps = { timeoutMs: 25_000, maxBytes: 64 * 1024 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function client(policy: Partial<OutboundPolicy> = {}): Outbound {
  const outbound = createOutbound({ allowLoopback: true, ...policy });
  closers.push(() => outbound.close());
  return outbound;
}

interface Node {
  readonly origin: string;
  readonly requests: IncomingMessage[];
  /** Connections open now, and taken in all. */
  readonly open: Set<Socket>;
  taken: number;
}

async function node(listener: RequestListener): Promise<Node> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((req, res) => {
    requests.push(req);
    listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const started: Node = { origin: `http://127.0.0.1:${port}`, requests, open: new Set(), taken: 0 };
  server.on("connection", (socket) => {
    started.taken += 1;
    started.open.add(socket);
    socket.on("close", () => started.open.delete(socket));
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return started;
}

test("an answer comes with its status, headers, bytes and duration", async () => {
  const { origin } = await node((_req, res) => {
    res.writeHead(503, ["X-Twice", "a", "X-Twice", "b", "__proto__", "c", "Content-Type", "text/plain"]);
    res.write("not ");
    res.end("now");
  });
  const answer = await client().request({ ...caps, url: `${origin}/health?x=1`, method: "GET" });
  expect(answer.status).toBe(503);
  expect(Buffer.from(answer.body).toString()).toBe("not now");
  expect(answer.headers["x-twice"]).toBe("a, b");
  expect(answer.headers["content-type"]).toBe("text/plain");
  expect(Object.getPrototypeOf(answer.headers)).toBeNull();
  expect(Object.getOwnPropertyDescriptor(answer.headers, "__proto__")?.value).toBe("c");
  expect(answer.durationMs).toBeGreaterThan(0);
});

test("a request carries its body and headers, but not those that are the connection's", async () => {
  const bodies: string[] = [];
  const { origin, requests } = await node((req, res) => {
    req.setEncoding("utf8");
    req.on("data", (text: string) => bodies.push(text));
    req.on("end", () => res.end());
  });
  const outbound = client();
  const headers = {
    "Content-Type": "application/json",
    Host: "10.0.0.5",
    "Content-Length": "3",
    "Transfer-Encoding": "chunked",
    "Accept-Encoding": "gzip",
    Connection: "upgrade",
    Upgrade: "h2c",
    Expect: "100-continue",
  };
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "GET"] as const) {
    await outbound.request({ ...caps, url: `${origin}/process?a=b`, method, headers, body: '{"ä":1}' });
  }
  await outbound.request({ ...caps, url: origin, method: "POST", body: Buffer.from("bytes") });
  await outbound.request({ ...caps, url: origin, method: "HEAD" });
  expect(bodies).toEqual([...Array<string>(5).fill('{"ä":1}'), "bytes"]);
  expect(requests[0]?.url).toBe("/process?a=b");
  expect(requests[0]?.headers).toEqual({
    "user-agent": "arx",
    "content-type": "application/json",
    "accept-encoding": "identity",
    "content-length": "8",
    host: origin.slice("http://".length),
    connection: "keep-alive",
  });
});

test("a header that would split the request is refused before anything is sent", async () => {
  const { origin, requests } = await node((_req, res) => res.end());
  const outbound = client();
  for (const headers of [{ "x-a": "1\r\nx-b: 2" }, { "x a": "1" }, { "x-a": "1\0" }]) {
    const call = outbound.request({ ...caps, url: origin, method: "GET", headers });
    await expect(call).rejects.toMatchObject({ kind: "bad_url" });
  }
  expect(requests).toEqual([]);
});

test("one connection serves calls that follow each other", async () => {
  const target = await node((_req, res) => res.end("ok"));
  const outbound = client();
  for (let i = 0; i < 20; i++) await outbound.request({ ...caps, url: target.origin, method: "GET" });
  expect(target.requests.length).toBe(20);
  expect(target.taken).toBe(1);
});

test("a connection that sat idle while a function was frozen is not used again", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  closers.push(() => vi.useRealTimers());
  const target = await node((_req, res) => res.end("ok"));
  const outbound = client();
  for (const takenAfter of [1, 2, 3]) {
    await outbound.request({ ...caps, url: target.origin, method: "POST", body: "{}" });
    expect(target.taken).toBe(takenAfter);
    vi.setSystemTime(Date.now() + 60_000);
  }
});

/** Answers the first request of a connection and resets at the second. */
async function resetsWhenReused(): Promise<{ origin: string; heads: string[] }> {
  const heads: string[] = [];
  const answered = new WeakSet<Socket>();
  const server = await startBad((socket) => {
    heads.push("request");
    if (answered.has(socket)) socket.resetAndDestroy();
    else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    answered.add(socket);
  });
  closers.push(() => server.close());
  return { origin: server.origin, heads };
}

test("a GET on a kept connection that its other end had closed is sent once more, on a new one", async () => {
  const { origin, heads } = await resetsWhenReused();
  const outbound = client();
  const get = () => outbound.request({ ...caps, url: origin, method: "GET" });
  // Two kept connections: the second attempt must not take the other stale one.
  await Promise.all([get(), get()]);
  expect((await get()).status).toBe(200);
  expect(heads.length).toBe(4);
});

test("a POST is not sent twice", async () => {
  const { origin, heads } = await resetsWhenReused();
  const outbound = client();
  const post = () => outbound.request({ ...caps, url: origin, method: "POST", body: "{}" });
  await post();
  await expect(post()).rejects.toMatchObject({ kind: "connect" });
  expect(heads.length).toBe(2);
});

test("a GET on a new connection that is reset is not sent again", async () => {
  const server = await startBad((socket) => socket.resetAndDestroy());
  closers.push(() => server.close());
  const call = client().request({ ...caps, url: server.origin, method: "GET" });
  await expect(call).rejects.toMatchObject({ kind: "connect" });
  expect(server.connections).toBe(1);
});

test("no more than maxSockets are open at once, and every call is served", async () => {
  let most = 0;
  const target = await node((_req, res) => {
    most = Math.max(most, target.open.size);
    setTimeout(() => res.end("ok"), 2);
  });
  const outbound = client({ maxSockets: 3 });
  const calls = Array.from({ length: 60 }, () =>
    outbound.request({ ...caps, url: target.origin, method: "GET" }),
  );
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => answer.status === 200).length).toBe(60);
  expect(most).toBe(3);
});

test("idle connections make room for other nodes", async () => {
  const outbound = client({ maxSockets: 2 });
  const nodes = await Promise.all(Array.from({ length: 6 }, () => node((_req, res) => res.end("ok"))));
  for (let round = 0; round < 3; round++) {
    for (const { origin } of nodes) {
      expect((await outbound.request({ ...caps, url: origin, method: "GET" })).status).toBe(200);
    }
  }
  const open = nodes.reduce((sum, { open }) => sum + open.size, 0);
  // The one dropped last may not have been seen to close yet.
  expect(open).toBeLessThanOrEqual(3);
});

test("waiting for a free connection does not use up the time of a call", async () => {
  const target = await node((req, res) => {
    if (req.url === "/answers") res.end("ok");
  });
  const outbound = client({ maxSockets: 1 });
  const first = outbound.request({ ...caps, url: `${target.origin}/hangs`, method: "GET", timeoutMs: 1_200 });
  const second = outbound.request({
    ...caps,
    url: `${target.origin}/answers`,
    method: "GET",
    timeoutMs: 1_000,
  });
  await expect(first).rejects.toMatchObject({ kind: "timeout" });
  expect((await second).status).toBe(200);
});

test("the caller's signal ends a call that is under way, waiting or not begun", async () => {
  const reached = Promise.withResolvers<void>();
  const target = await node(() => reached.resolve());
  const outbound = client({ maxSockets: 1 });
  const abort = new AbortController();
  const call = () => outbound.request({ ...caps, url: target.origin, method: "GET", signal: abort.signal });
  const underWay = call();
  const waiting = call();
  await reached.promise;
  abort.abort();
  for (const ended of [underWay, waiting, call()])
    await expect(ended).rejects.toMatchObject({ kind: "aborted" });
  expect(target.requests.length).toBe(1);
});

test("closing ends what is under way and refuses what comes", async () => {
  const reached = Promise.withResolvers<void>();
  const target = await node(() => reached.resolve());
  const outbound = client();
  const call = () => outbound.request({ ...caps, url: target.origin, method: "GET" });
  const underWay = call();
  await reached.promise;
  outbound.close();
  await expect(underWay).rejects.toMatchObject({ kind: "aborted" });
  await expect(call()).rejects.toMatchObject({ kind: "aborted" });
});

test("no message repeats the path, the query or a header", async () => {
  const server = await startBad((socket) => socket.write("HTTP/1.1 nope\r\n\r\n"));
  closers.push(() => server.close());
  const call = client().request({
    ...caps,
    url: `${server.origin}/s3cret?token=s3cret`,
    method: "GET",
    headers: { authorization: "Bearer s3cret" },
  });
  await expect(call).rejects.toThrow(/^127\.0\.0\.1:\d+ did not answer in valid HTTP \(HPE_[A-Z_]+\)\.$/);
});
