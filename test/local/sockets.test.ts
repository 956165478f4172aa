import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { afterEach, expect, test } from "vitest";
import { type ClientOptions, WebSocket as WsClient } from "ws";
import type { Log } from "../../core/ctx.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import type { SocketEvent } from "../../scripts/local/socket-event.ts";
import type { SocketHandler } from "../../scripts/local/socket-function.ts";
import type { SocketLimits } from "../../scripts/local/socket-limits.ts";
import { openSockets, type Sockets } from "../../scripts/local/sockets.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Api {
  readonly gateway: Gateway;
  readonly sockets: Sockets;
  /** What the function was called with, in order. */
  readonly events: SocketEvent[];
  /** The function's errors, as they were logged. */
  readonly logged: string[];
  readonly sdk: ApiGatewayManagementApiClient;
  url(path: string): string;
}

const ok: SocketHandler = async () => ({ statusCode: 200 });

const hang: SocketHandler = () => new Promise(() => {});
const silent: SocketHandler = async () => undefined;
const broken: SocketHandler = async () => {
  throw new Error("secret");
};
const brokenAtOnce: SocketHandler = () => {
  throw new Error("secret");
};

/** A gateway with sockets whose function notes each event, then does as `handler`. */
async function start(
  handler: SocketHandler = ok,
  limits: Partial<SocketLimits> = {},
  ready: () => boolean = () => true,
): Promise<Api> {
  const events: SocketEvent[] = [];
  const logged: string[] = [];
  const note = (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { info: () => {}, warn: note, error: note };
  const noting: SocketHandler = (event, context) => {
    events.push(event);
    return handler(event, context);
  };
  const sockets = await openSockets({ handler: () => (ready() ? noting : undefined), log, limits });
  const service = async () => ({ statusCode: 418, body: "a request like any other" });
  const functions = new Proxy({}, { get: () => service }) as FunctionHandlers;
  const gateway = await startGateway({ port: 0, functions: () => functions, sockets });
  closers.push(() => gateway.close());
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const { endpoint } = sockets;
  const sdk = new ApiGatewayManagementApiClient({ endpoint, region: "local", credentials, maxAttempts: 1 });
  closers.push(() => sdk.destroy());
  return { gateway, sockets, events, logged, sdk, url: (path) => `ws://127.0.0.1:${gateway.port}${path}` };
}

interface Client {
  readonly socket: WsClient;
  /** Texts that came, in order. */
  readonly messages: string[];
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** An open connection. @throws Error when the handshake is refused. */
async function open(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<Client> {
  const socket = new WsClient(url, protocols, options);
  closers.push(() => socket.terminate());
  const messages: string[] = [];
  socket.on("message", (text) => messages.push((text as Buffer).toString()));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, "open");
  socket.on("error", () => {});
  return { socket, messages, closed };
}

interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** How a handshake is refused. @throws Error when it is not. */
function refused(url: string, options: ClientOptions = {}): Promise<Refused> {
  return new Promise((resolve, reject) => {
    const socket = new WsClient(url, options);
    socket.once("open", () => reject(new Error("It was let in.")));
    socket.once("error", reject);
    socket.once("unexpected-response", (_, response) => {
      const { statusCode, headers } = response;
      text(response).then((body) => resolve({ status: statusCode!, headers, body }), reject);
    });
  });
}

/** A peer that shakes hands by itself and then does nothing that it is not told to. */
function bare(api: Api, path = "/ws/admin", key = "dGhlIHNhbXBsZSBub25jZQ=="): Socket {
  const socket = connect({ port: api.gateway.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  closers.push(() => void socket.destroy());
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: arx.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

const of = (events: readonly SocketEvent[], type: string) =>
  events.filter(({ requestContext }) => requestContext.eventType === type);

async function eventOf(api: Api, type: string): Promise<SocketEvent> {
  await until(() => of(api.events, type).length > 0);
  return of(api.events, type)[0]!;
}

const post = (api: Api, ConnectionId: string, Data: string) =>
  api.sdk.send(new PostToConnectionCommand({ ConnectionId, Data }));

/** The ids of the connections, in the order in which they came. */
const ids = (api: Api) =>
  of(api.events, "CONNECT").map(({ requestContext: { connectionId } }) => connectionId);

test("$connect gets the request as API Gateway tells it, before the handshake is answered", async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<void>();
  const api = await start(async () => {
    await decided;
    return { statusCode: 200 };
  });
  const opening = open(api.url("/ws/admin?ticket=t%2B1&x=1&x=2"), {
    headers: { "User-Agent": "test", "X-Own": "yes" },
  });
  const event = await eventOf(api, "CONNECT");
  expect(api.sockets.size).toBe(0);
  decide();
  const { socket } = await opening;
  expect(event).toMatchObject({
    headers: {
      Host: `127.0.0.1:${api.gateway.port}`,
      "User-Agent": "test",
      "X-Own": "yes",
      "Sec-WebSocket-Version": "13",
      "X-Forwarded-For": "127.0.0.1",
      "X-Forwarded-Port": String(api.gateway.port),
    },
    multiValueHeaders: { "X-Own": ["yes"] },
    queryStringParameters: { channel: "admin", ticket: "t+1", x: "2" },
    multiValueQueryStringParameters: { channel: ["admin"], ticket: ["t+1"], x: ["1", "2"] },
    requestContext: {
      routeKey: "$connect",
      eventType: "CONNECT",
      domainName: `127.0.0.1:${api.gateway.port}`,
      identity: { sourceIp: "127.0.0.1", userAgent: "test" },
      connectionId: expect.stringMatching(/^[\w-]{15}=$/),
    },
    isBase64Encoded: false,
  });
  expect(event.headers).not.toHaveProperty("Connection");
  expect(event.headers).not.toHaveProperty("Upgrade");
  expect(socket.extensions).toBe("");
});

test("every path of the WebSocket API is taken, on both addresses of loopback", async () => {
  const api = await start();
  const { port } = api.gateway;
  for (const [url, query] of [
    [api.url("/admin/api/v1/realtime"), { channel: "admin" }],
    [api.url("/ws/edge/zurich%201"), { channel: "edge", edge_id: "zurich 1" }],
    [`ws://localhost:${port}/?channel=edge&edge_id=e`, { channel: "edge", edge_id: "e" }],
    [`ws://[::1]:${port}/ws/admin`, { channel: "admin" }],
  ] as const) {
    await open(url);
    expect(api.events.at(-1)!.queryStringParameters).toEqual(query);
  }
  expect(api.sockets.size).toBe(4);
});

test("Node's own WebSocket, which speaks as a browser does, connects and talks", async () => {
  const api = await start();
  const socket = new WebSocket(api.url("/ws/admin?ticket=t"));
  await once(socket, "open");
  socket.send("from a browser");
  expect((await eventOf(api, "MESSAGE")).body).toBe("from a browser");
  const heard = once(socket, "message") as Promise<[MessageEvent]>;
  await post(api, ids(api)[0]!, "to a browser");
  expect((await heard)[0].data).toBe("to a browser");
  socket.close(3001, "done");
  expect((await eventOf(api, "DISCONNECT")).requestContext).toMatchObject({
    disconnectStatusCode: 3001,
    disconnectReason: "done",
  });
});

test("other paths are 404, broken ones 400, a handshake that is none 400, without a call", async () => {
  const api = await start();
  for (const [path, status] of [
    ["/ws", 404],
    ["/api/v1/route", 404],
    ["/ws/edge/%zz", 400],
  ] as const) {
    const answer = await refused(api.url(path));
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.body)).toMatchObject({
      status,
      request_id: answer.headers["x-request-id"],
      detail: expect.any(String),
    });
  }
  const keyless = bare(api, "/ws/admin", "no key");
  expect(await text(keyless)).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n.*Missing or invalid Sec-WebSocket-Key header/s,
  );
  expect(api.events).toEqual([]);
});

test("until the function is there an upgrade is 503", async () => {
  let ready = false;
  const api = await start(ok, {}, () => ready);
  expect(await refused(api.url("/ws/admin"))).toMatchObject({ status: 503 });
  ready = true;
  await open(api.url("/ws/admin"));
});

test("what upgrades to something else is a request like any other", async () => {
  const api = await start();
  const socket = connect(api.gateway.port, "127.0.0.1");
  closers.push(() => void socket.destroy());
  socket.write(
    "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
  );
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(said.toString()).toMatch(/^HTTP\/1\.1 418 /);
});

test("a $connect that is refused answers with its status, headers and body, and was never open", async () => {
  const api = await start(async () => ({
    statusCode: 401,
    headers: { "Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer" },
    body: '{"detail":"ü"}',
  }));
  expect(await refused(api.url("/ws/admin"))).toMatchObject({
    status: 401,
    headers: { "content-type": "application/problem+json", "www-authenticate": "Bearer" },
    body: '{"detail":"ü"}',
  });
  await expect(post(api, ids(api)[0]!, "x")).rejects.toMatchObject({ name: "GoneException" });
  expect(of(api.events, "DISCONNECT")).toEqual([]);
});

test.each<[string, number, string, SocketHandler]>([
  ["throws", 500, "Internal server error", broken],
  ["throws at once", 500, "Internal server error", brokenAtOnce],
  ["answers nothing", 500, "Internal server error", silent],
  ["does not end", 504, "Endpoint request timed out", hang],
])("a $connect that %s is %i, and tells no more", async (_, status, message, handler) => {
  const api = await start(handler, { timeoutMs: 50 });
  const answer = await refused(api.url("/ws/admin"));
  expect(answer.status).toBe(status);
  const { connectionId, requestId } = api.events[0]!.requestContext;
  expect(JSON.parse(answer.body)).toEqual({ message, connectionId, requestId });
  expect(api.logged).toHaveLength(1);
  expect(api.events).toHaveLength(1);
});

test("the subprotocol is the one that $connect answers with", async () => {
  const api = await start(async () => ({ statusCode: 200, headers: { "Sec-WebSocket-Protocol": "two" } }));
  const { socket } = await open(api.url("/ws/admin"), {}, ["one", "two"]);
  expect(socket.protocol).toBe("two");
});

test("messages are handed over in their order, none waiting for another, and answers go nowhere", async () => {
  const { promise: allThere, resolve: release } = Promise.withResolvers<void>();
  const api = await start(async ({ requestContext: { eventType } }) => {
    if (eventType === "MESSAGE") await allThere;
    return { statusCode: 200, body: "not for the peer" };
  });
  const client = await open(api.url("/ws/admin"));
  for (let at = 0; at < 50; at++) client.socket.send(`message ${at}`);
  await until(() => of(api.events, "MESSAGE").length === 50);
  release();
  const messages = of(api.events, "MESSAGE");
  expect(messages.map(({ body }) => body)).toEqual(Array.from({ length: 50 }, (_, at) => `message ${at}`));
  expect(messages[0]).toMatchObject({ isBase64Encoded: false, requestContext: { routeKey: "$default" } });
  expect(new Set(messages.map(({ requestContext }) => requestContext.messageId)).size).toBe(50);
  // What is posted now comes behind whatever the answers had sent.
  await post(api, ids(api)[0]!, "posted");
  await until(() => client.messages.length > 0);
  expect(client.messages).toEqual(["posted"]);
});

test("bytes are handed over in base64, and fragments as one message", async () => {
  const api = await start();
  const { socket } = await open(api.url("/ws/admin"));
  const bytes = Buffer.from([0, 255, 128, 10]);
  socket.send(bytes);
  socket.send("in ", { fin: false });
  socket.send("parts", { fin: true });
  await until(() => of(api.events, "MESSAGE").length === 2);
  const [binary, text] = of(api.events, "MESSAGE");
  expect(binary).toMatchObject({ body: bytes.toString("base64"), isBase64Encoded: true });
  expect(text).toMatchObject({ body: "in parts", isBase64Encoded: false });
});

test.each<[string, string, SocketHandler]>([
  ["throws", "Internal server error", broken],
  ["answers nothing", "Internal server error", silent],
  ["does not end", "Endpoint request timed out", hang],
])("a message whose handler %s is told so, and the connection stays", async (_, message, failing) => {
  const api = await start((event, context) => (event.body === "bad" ? failing : ok)(event, context), {
    timeoutMs: 50,
  });
  const client = await open(api.url("/ws/admin"));
  client.socket.send("bad");
  await until(() => client.messages.length > 0);
  const { connectionId, requestId } = of(api.events, "MESSAGE")[0]!.requestContext;
  expect(client.messages.map((text) => JSON.parse(text) as unknown)).toEqual([
    { message, connectionId, requestId },
  ]);
  client.socket.send("good");
  await until(() => of(api.events, "MESSAGE").length === 2);
});

test("128 KB are taken; a byte more closes with 1009", async () => {
  const api = await start();
  const client = await open(api.url("/ws/admin"));
  client.socket.send("x".repeat(128 * 1024));
  await until(() => of(api.events, "MESSAGE").length === 1);
  client.socket.send("x".repeat(128 * 1024 + 1));
  expect((await client.closed).code).toBe(1009);
  expect((await eventOf(api, "DISCONNECT")).requestContext.disconnectStatusCode).toBe(1009);
  expect(of(api.events, "MESSAGE")).toHaveLength(1);
});

test.each([
  ["says why", 1000, "bye", ({ socket }: Client) => socket.close(1000, "bye")],
  ["says nothing", 1005, "Client-side close frame status not set", ({ socket }: Client) => socket.close()],
  ["is cut off", 1006, "Connection closed abnormally", ({ socket }: Client) => socket.terminate()],
] as const)("$disconnect tells how a peer ended that %s", async (_, code, reason, end) => {
  const api = await start();
  end(await open(api.url("/ws/edge/e-1")));
  const event = await eventOf(api, "DISCONNECT");
  expect(event).toMatchObject({
    headers: { Host: `127.0.0.1:${api.gateway.port}` },
    requestContext: {
      routeKey: "$disconnect",
      connectionId: ids(api)[0],
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
  });
  expect(event).not.toHaveProperty("queryStringParameters");
  expect(api.sockets.size).toBe(0);
});

test("what can't be read closes with what is wrong with it", async () => {
  const api = await start(ok, { closeMs: 50 });
  const peer = bare(api);
  await until(() => api.sockets.size === 1);
  // A masked text frame of one byte that is no UTF-8.
  peer.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
  expect((await eventOf(api, "DISCONNECT")).requestContext.disconnectStatusCode).toBe(1007);
  expect(of(api.events, "MESSAGE")).toEqual([]);
});

test("a peer that says goodbye and never ends its side is given up", async () => {
  const api = await start(ok, { closeMs: 50 });
  const peer = bare(api);
  await until(() => api.sockets.size === 1);
  // A masked close frame with 1000.
  peer.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 232]));
  expect((await eventOf(api, "DISCONNECT")).requestContext.disconnectStatusCode).toBe(1000);
});

test("a half-open peer, which has ended but still listens, is disconnected", async () => {
  const api = await start();
  const peer = bare(api);
  await until(() => api.sockets.size === 1);
  peer.end();
  expect((await eventOf(api, "DISCONNECT")).requestContext.disconnectStatusCode).toBe(1006);
});

test("a peer that answers no goodbye is given up", async () => {
  const api = await start(ok, { idleMs: 50, closeMs: 50 });
  bare(api);
  expect((await eventOf(api, "DISCONNECT")).requestContext.disconnectStatusCode).toBe(1001);
  await until(() => api.sockets.size === 0);
});

test.each(["destroy", "end"] as const)(
  "a peer that leaves (%s) while it is let in is disconnected too",
  async (leave) => {
    const { promise: left, resolve: go } = Promise.withResolvers<void>();
    const api = await start(async ({ requestContext: { eventType } }) => {
      if (eventType === "CONNECT") await left;
      return { statusCode: 200 };
    });
    const peer = bare(api);
    await eventOf(api, "CONNECT");
    peer[leave]();
    await once(peer, leave === "end" ? "finish" : "close");
    go();
    expect((await eventOf(api, "DISCONNECT")).requestContext).toMatchObject({
      connectionId: ids(api)[0],
      disconnectStatusCode: 1006,
    });
    expect(api.sockets.size).toBe(0);
  },
);

test("a $disconnect that fails is logged, and no more", async () => {
  const api = await start(async ({ requestContext: { eventType } }) => {
    if (eventType === "DISCONNECT") throw new Error("no table");
    return { statusCode: 200 };
  });
  (await open(api.url("/ws/admin"))).socket.close();
  await until(() => api.logged.length > 0);
  expect(api.logged).toEqual([expect.stringContaining("no table")]);
});

test("an idle connection is closed, one that talks is not", async () => {
  const api = await start(ok, { idleMs: 1000 });
  const talking = await open(api.url("/ws/admin"));
  const heard = await open(api.url("/ws/admin"));
  const idle = await open(api.url("/ws/admin"));
  const [, heardId] = ids(api);
  const chat = setInterval(() => {
    talking.socket.send("still here");
    void post(api, heardId!, "still there");
  }, 50);
  const end = await idle.closed;
  clearInterval(chat);
  expect(end).toEqual({ code: 1001, reason: "Going away" });
  expect([talking.socket.readyState, heard.socket.readyState]).toEqual([WsClient.OPEN, WsClient.OPEN]);
  expect((await eventOf(api, "DISCONNECT")).requestContext).toMatchObject({
    connectionId: ids(api)[2],
    disconnectStatusCode: 1001,
    disconnectReason: "Going away",
  });
});

test("a connection is closed at the end of its lifetime, however busy", async () => {
  const api = await start(ok, { lifetimeMs: 100 });
  const { socket, closed } = await open(api.url("/ws/admin"));
  const chat = setInterval(() => socket.send("busy"), 10);
  expect((await closed).code).toBe(1001);
  clearInterval(chat);
});

test("a message that comes behind the goodbye reaches no function", async () => {
  const api = await start(ok, { closeMs: 60_000 });
  const peer = bare(api);
  await until(() => api.sockets.size === 1);
  await api.sdk.send(new DeleteConnectionCommand({ ConnectionId: ids(api)[0]! }));
  // "x", then a close frame with 1000, both masked with zeroes.
  peer.end(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 120, 0x88, 0x82, 0, 0, 0, 0, 3, 232]));
  await eventOf(api, "DISCONNECT");
  expect(of(api.events, "MESSAGE")).toEqual([]);
});

test("@connections posts in order, tells of a connection, and closes it", async () => {
  const api = await start();
  const client = await open(api.url("/ws/admin"), { headers: { "User-Agent": "test" } });
  const [ConnectionId] = ids(api) as [string];
  for (const text of ["one", "zwei ü", "", "x".repeat(128 * 1024)]) await post(api, ConnectionId, text);
  await until(() => client.messages.length === 4);
  expect(client.messages).toEqual(["one", "zwei ü", "", "x".repeat(128 * 1024)]);
  const told = await api.sdk.send(new GetConnectionCommand({ ConnectionId }));
  expect(told.Identity).toEqual({ SourceIp: "127.0.0.1", UserAgent: "test" });
  const { connectedAt } = api.events[0]!.requestContext;
  expect(told.ConnectedAt).toEqual(new Date(connectedAt));
  expect(told.LastActiveAt!.getTime()).toBeGreaterThanOrEqual(connectedAt);
  await api.sdk.send(new DeleteConnectionCommand({ ConnectionId }));
  expect(await client.closed).toEqual({ code: 1000, reason: "Connection Closed Normally" });
  expect((await eventOf(api, "DISCONNECT")).requestContext).toMatchObject({
    disconnectStatusCode: 1000,
    disconnectReason: "Connection Closed Normally",
  });
});

test("what is gone, or never was, is 410 to every command", async () => {
  const api = await start();
  const client = await open(api.url("/ws/admin"));
  client.socket.close();
  await eventOf(api, "DISCONNECT");
  for (const ConnectionId of [ids(api)[0]!, "L0SM9cOFvHcCIhw="]) {
    for (const command of [
      () => api.sdk.send(new PostToConnectionCommand({ ConnectionId, Data: "x" })),
      () => api.sdk.send(new GetConnectionCommand({ ConnectionId })),
      () => api.sdk.send(new DeleteConnectionCommand({ ConnectionId })),
    ]) {
      await expect(command()).rejects.toMatchObject({
        name: "GoneException",
        $metadata: { httpStatusCode: 410 },
      });
    }
  }
});

test("a connection can't be posted to before it was let in", async () => {
  const outcome = Promise.withResolvers<unknown>();
  const api: Api = await start(async ({ requestContext: { eventType, connectionId } }) => {
    if (eventType === "CONNECT")
      outcome.resolve(await post(api, connectionId, "early").catch((error) => error));
    return { statusCode: 200 };
  });
  await open(api.url("/ws/admin"));
  expect(await outcome.promise).toMatchObject({ name: "GoneException" });
});

test("over 128 KB is 413, an id that can't be one is 400", async () => {
  const api = await start();
  await open(api.url("/ws/admin"));
  await expect(post(api, ids(api)[0]!, "x".repeat(128 * 1024 + 1))).rejects.toMatchObject({
    name: "PayloadTooLargeException",
    $metadata: { httpStatusCode: 413 },
  });
  await expect(post(api, "not/an id", "x")).rejects.toMatchObject({
    name: "ForbiddenException",
  });
  await expect(post(api, "not an id", "x")).rejects.toMatchObject({
    name: "BadRequestException",
    $metadata: { httpStatusCode: 400 },
  });
});

test("what is not signed, or comes under another name, is 403", async () => {
  const api = await start();
  const client = await open(api.url("/ws/admin"));
  const url = `${api.sockets.endpoint}/@connections/${encodeURIComponent(ids(api)[0]!)}`;
  const signature = `AWS4-HMAC-SHA256 Credential=a/b/c/execute-api/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
  for (const [to, headers] of [
    [url, {}],
    [url, { authorization: "Bearer x" }],
    [url, { authorization: "AWS4-HMAC-SHA256 x" }],
    [`${api.sockets.endpoint}/x`, { authorization: signature }],
  ] as const) {
    const answer = await fetch(to, { method: "POST", body: "x", headers });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  }
  const socket = connect(Number(new URL(api.sockets.endpoint).port), "127.0.0.1");
  closers.push(() => void socket.destroy());
  socket.write(
    `DELETE ${new URL(url).pathname} HTTP/1.1\r\nHost: evil.test\r\nAuthorization: ${signature}\r\n\r\n`,
  );
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(said.toString()).toMatch(/^HTTP\/1\.1 403 /);
  const signed = await fetch(url, { method: "POST", body: "signed", headers: { authorization: signature } });
  expect(signed.status).toBe(200);
  await until(() => client.messages.length > 0);
  expect(client.messages).toEqual(["signed"]);
});

test("a peer that does not read is given up, and the others go on", async () => {
  const api = await start();
  const deaf = await open(api.url("/ws/admin"));
  const other = await open(api.url("/ws/admin"));
  const [deafId, otherId] = ids(api) as [string, string];
  deaf.socket.pause();
  const flood = (async () => {
    for (;;) await post(api, deafId, "x".repeat(100_000));
  })();
  await expect(flood).rejects.toMatchObject({ name: "GoneException" });
  expect((await eventOf(api, "DISCONNECT")).requestContext).toMatchObject({
    connectionId: deafId,
    disconnectStatusCode: 1006,
  });
  await post(api, otherId, "on");
  await until(() => other.messages.length > 0);
});

test("300 connections are each told theirs, and closing tells all goodbye", async () => {
  const api = await start();
  const clients: Client[] = [];
  for (let at = 0; at < 300; at += 50) {
    const some = Array.from({ length: 50 }, (_, of) => open(api.url(`/ws/edge/e-${at + of}`)));
    clients.push(...(await Promise.all(some)));
  }
  expect(api.sockets.size).toBe(300);
  const idOf = new Map(
    of(api.events, "CONNECT").map(({ queryStringParameters, requestContext }) => [
      queryStringParameters!.edge_id!,
      requestContext.connectionId,
    ]),
  );
  await Promise.all(clients.map((_, at) => post(api, idOf.get(`e-${at}`)!, `for e-${at}`)));
  await until(() => clients.every(({ messages }) => messages.length > 0));
  expect(clients.map(({ messages }) => messages)).toEqual(clients.map((_, at) => [`for e-${at}`]));

  await api.gateway.close();
  expect(new Set((await Promise.all(clients.map(({ closed }) => closed))).map(({ code }) => code))).toEqual(
    new Set([1001]),
  );
  const ends = of(api.events, "DISCONNECT").map(({ requestContext }) => requestContext);
  expect(new Set(ends.map(({ connectionId }) => connectionId))).toEqual(new Set(idOf.values()));
  expect(ends).toHaveLength(300);
  expect(ends.every(({ disconnectStatusCode }) => disconnectStatusCode === 1001)).toBe(true);
  expect(api.sockets.size).toBe(0);
});

test("closing waits for what is under way, lets nobody in, and leaves nothing listening", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const done: string[] = [];
  const api = await start(async ({ requestContext: { eventType }, queryStringParameters }) => {
    if (eventType === "MESSAGE" || queryStringParameters?.slow) await released;
    done.push(eventType);
    return { statusCode: 200 };
  });
  const client = await open(api.url("/ws/admin"));
  client.socket.send("slow");
  const late = refused(api.url("/ws/admin?slow=1"));
  await until(() => api.events.length === 3);
  const closed = api.sockets.close();
  expect((await client.closed).code).toBe(1001);
  expect(await refused(api.url("/ws/admin"))).toMatchObject({ status: 503 });
  release();
  expect(await late).toMatchObject({ status: 503 });
  await closed;
  await api.gateway.close();
  // The one that came late had been let in by the function, so it is closed to it.
  expect(done.toSorted()).toEqual(["CONNECT", "CONNECT", "DISCONNECT", "DISCONNECT", "MESSAGE"]);
  await expect(fetch(api.sockets.endpoint)).rejects.toThrow("fetch failed");
  await expect(open(api.url("/ws/admin"))).rejects.toThrow(/ECONNREFUSED/);
});

test("closing does not wait for ever: not for a function that hangs, nor for a peer that says nothing", async () => {
  const api = await start(
    (event, context) =>
      (event.body === "hang" || event.queryStringParameters?.hang ? hang : ok)(event, context),
    { closeMs: 50, shutdownMs: 300, timeoutMs: 2000 },
  );
  const client = await open(api.url("/ws/admin"));
  client.socket.send("hang");
  const silent = bare(api);
  const hanging = bare(api, "/ws/admin?hang=1");
  await until(() => api.events.length === 4);
  silent.resume();
  hanging.resume();
  await api.gateway.close();
  expect(of(api.events, "DISCONNECT")).toHaveLength(2);
  expect(api.logged).toEqual([expect.stringContaining("left 2 calls")]);
});
