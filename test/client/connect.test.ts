import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { WebSocket as PackageSocket } from "ws";
import {
  ArxError,
  type ArxEvent,
  type Connection,
  type ConnectOptions,
  createClient,
  type EventData,
  type EventType,
  type StateChange,
} from "../../client/index.ts";
import type { EventType as KnownType } from "../../core/events/index.ts";
import { control, EventServer } from "./connect-server.ts";

/** RFC 6455, 4.2.2. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

let server: EventServer;
let open: Connection[];
beforeEach(async () => {
  open = [];
  server = await EventServer.open();
});
afterEach(async () => {
  for (const connection of open) await connection.close();
  await server.close();
});

interface Followed {
  readonly connection: Connection;
  readonly changes: StateChange[];
  /** The next item; fails at the end. */
  next(): Promise<ArxEvent>;
}

function follow(options: ConnectOptions = {}, token: string = server.key): Followed {
  const arx = createClient({ baseUrl: server.origin, token, random: () => 0.5 });
  const connection = arx.connect({ backoffBaseMs: 2, backoffMaxMs: 8, ...options });
  open.push(connection);
  const changes: StateChange[] = [];
  connection.onState((change) => changes.push(change));
  const items = connection[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await items.next();
    if (done) throw new Error("It ended.");
    return value;
  };
  return { connection, changes, next };
}

/** Waits until it was so for the `times`th time since the listening began. */
function became({ connection, changes }: Followed, state: StateChange["state"], times = 1): Promise<void> {
  return new Promise((resolve) => {
    const isThere = () => changes.filter((change) => change.state === state).length >= times;
    if (isThere()) return resolve();
    const stop = connection.onState(() => {
      if (!isThere()) return;
      stop();
      resolve();
    });
  });
}

const failure = (doing: Promise<unknown>) =>
  doing.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error,
  );
const ids = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

test("events come typed, one by one, in order; the cursor is the last one's id", async () => {
  const followed = follow();
  await became(followed, "live");
  expect(followed.connection.cursor).toBe(server.head);
  const sent = server.append(
    { type: "node_deleted", data: { node_id: "n-1", id: "n-1", name: "One" } },
    { type: "leader_changed" },
    { type: "of_tomorrow", data: { a: 1 } },
  );
  for (const one of sent) {
    expect(await followed.next()).toEqual(one);
    expect(followed.connection.cursor).toBe(one.id);
  }
  await followed.connection.close();
  expect(followed.connection.cursor).toBe(sent[2]!.id);
  expect(followed.changes).toEqual([{ state: "connecting" }, { state: "live" }, { state: "closed" }]);
});

test("the ticket is added to the address, which keeps its own query, and is new for every socket", async () => {
  const followed = follow();
  await became(followed, "live");
  server.drop();
  await became(followed, "live", 2);
  expect(server.opened.map(({ query }) => Object.fromEntries(query))).toEqual([
    { channel: "admin", ticket: "ticket 1 & more", subscribe: "manual" },
    { channel: "admin", ticket: "ticket 2 & more", subscribe: "manual" },
  ]);
});

test("it subscribes to what it was asked for, and after a break from where it was", async () => {
  const since = server.append({ type: "route_request" }, { type: "leader_changed" })[0]!.id;
  const followed = follow({ types: ["leader_changed"], cells: ["u0m", "dr5"], since });
  expect(followed.connection.cursor).toBe(since);
  const { id } = await followed.next();
  server.drop();
  await became(followed, "live", 2);
  expect(server.opened.map(({ asked }) => asked)).toEqual([
    [{ types: ["leader_changed"], cells: ["u0m", "dr5"], since }],
    [{ types: ["leader_changed"], cells: ["u0m", "dr5"], since: id }],
  ]);
});

test("where it started counts when nothing came before the first break", async () => {
  const followed = follow();
  await became(followed, "live");
  const start = server.head;
  const idle = follow();
  await became(idle, "live");
  await idle.connection.close();
  expect(idle.connection.cursor).toBe(start);
  server.drop();
  const [missed] = server.append({ type: "leader_changed" });
  expect(await followed.next()).toEqual(missed);
  expect(server.opened.map(({ asked }) => asked[0]?.since)).toEqual([undefined, undefined, start]);
});

test("a subscription that is confirmed with a later id passes over nothing after `since`", async () => {
  const [first, second] = server.append({ type: "leader_changed" }, { type: "leader_changed" });
  server.faults.subscribe = () => [{ ...control("subscribed"), id: server.head }, second];
  const followed = follow({ since: first!.id });
  expect(await followed.next()).toEqual(second);
});

test("what comes before the subscription's answer, twice, or of another type is passed over", async () => {
  const [old, known] = server.append({ type: "route_request" }, { type: "route_request" });
  server.faults.early = () => [{ ...old, id: "0fffffff-ffff-7fff-bfff-ffffffffffff" }, control("pong")];
  const followed = follow({ since: known!.id, types: ["route_request", "leader_changed"] });
  await became(followed, "live");
  server.send([old, known]);
  server.send({ ...known, type: "node_updated", id: `${known!.id.slice(0, -1)}z` });
  server.send(control("unsubscribed"));
  server.send(control("error", { error: "Something else." }));
  const [next] = server.append({ type: "leader_changed" });
  server.send([next, next]);
  const [last] = server.append({ type: "leader_changed" });
  expect([await followed.next(), await followed.next()]).toEqual([next, last]);
});

test("what can't be read ends the socket, not the stream", async () => {
  const followed = follow();
  await became(followed, "live");
  const [first] = server.append({ type: "leader_changed" });
  const torn = ['{"type":', "null", "[1]", '{"type":"leader_changed","id":"x","at":"y"}'];
  for (const [at, text] of torn.entries()) {
    server.send(text);
    await became(followed, "live", at + 2);
  }
  const causes = followed.changes.flatMap((change) =>
    change.state === "waiting" ? [change.cause.code] : [],
  );
  expect(causes).toEqual(torn.map(() => "PROTOCOL"));
  expect(await followed.next()).toEqual(first);
});

describe("a snapshot that is required", () => {
  const snapshot = ["/admin/api/v1/nodes", "/admin/api/v1/dashboard/metrics"];

  test("is an item of its own, from which it goes on, whatever types were asked for", async () => {
    server.append({ type: "leader_changed" });
    const here = server.head;
    const required = { ...control("snapshot_required", { reason: "unknown_cursor", snapshot }), id: here };
    server.faults.subscribe = (asked) =>
      asked.since === "zzz" ? [{ ...control("subscribed"), id: "zzz" }, required, required] : undefined;
    const followed = follow({ since: "zzz", types: ["leader_changed"] });
    expect(await followed.next()).toEqual(required);
    expect(followed.connection.cursor).toBe(here);
    const [next] = server.append({ type: "leader_changed" });
    expect(await followed.next()).toEqual(next);
    server.drop();
    await became(followed, "live", 2);
    expect(server.opened[1]?.asked[0]?.since).toBe(next!.id);
  });

  test("may come in the middle, once", async () => {
    const followed = follow();
    await became(followed, "live");
    const [first] = server.append({ type: "leader_changed" });
    const required = {
      ...control("snapshot_required", { reason: "too_far_behind", snapshot }),
      id: server.head,
    };
    server.send([required, first, required]);
    const [next] = server.append({ type: "leader_changed" });
    expect([await followed.next(), await followed.next(), await followed.next()]).toEqual([
      first,
      required,
      next,
    ]);
  });
});

describe("an attempt that fails", () => {
  test.each([401, 403, 404, 422])(
    "with %i is the last: the iteration fails with it, once",
    async (status) => {
      server.faults.ticket = () => status;
      const followed = follow();
      const error = (await failure(followed.next())) as ArxError;
      expect(error).toBeInstanceOf(ArxError);
      expect(error).toMatchObject({ status, message: `Refused with ${status}.` });
      await expect(followed.next()).rejects.toThrow("It ended.");
      await followed.connection.close();
      expect(followed.changes).toEqual([{ state: "connecting" }, { state: "closed", cause: error }]);
      expect(server.tickets).toBe(1);
    },
  );

  test("with a key that is refused later gives out what came before, and then fails", async () => {
    const followed = follow();
    await became(followed, "live");
    const sent = server.append({ type: "leader_changed" }, { type: "leader_changed" });
    const first = await followed.next();
    server.faults.ticket = () => 403;
    server.drop();
    await became(followed, "closed");
    expect(followed.connection.cursor).toBe(first.id);
    expect([first, await followed.next()]).toEqual(sent);
    await expect(followed.next()).rejects.toMatchObject({ status: 403 });
    expect(followed.connection.cursor).toBe(sent[1]!.id);
  });

  test.each([408, 429, 500, 503])("with %i is followed by another", async (status) => {
    server.faults.ticket = () => (server.tickets < 4 ? status : undefined);
    const followed = follow();
    await became(followed, "live");
    // Full jitter of 2, 4 and 8 ms, with a chance of a half.
    expect(followed.changes.filter(({ state }) => state === "waiting")).toEqual(
      [1, 2, 4].map((pauseMs) => ({ state: "waiting", pauseMs, cause: expect.objectContaining({ status }) })),
    );
  });

  test("with a ticket that the socket's server refuses is followed by one with another ticket", async () => {
    server.faults.upgrade = () => server.tickets < 3;
    const followed = follow();
    await became(followed, "live");
    expect([server.tickets, server.opened.length]).toEqual([3, 1]);
    expect(followed.changes[1]).toMatchObject({ state: "waiting", cause: { code: "NETWORK" } });
  });

  test("with an answer that is no ticket is the last", async () => {
    const arx = createClient({ baseUrl: server.origin, fetch: async () => Response.json({ url: 7 }) });
    const connection = arx.connect();
    open.push(connection);
    await expect(connection[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "PROTOCOL" });
  });

  test("with a subscription that is refused is the last, and says what of it", async () => {
    const errors = [{ path: "cells.0", message: "Must be a geohash" }];
    server.faults.subscribe = () => [control("error", { error: "That can't be subscribed to.", errors })];
    const followed = follow({ cells: ["a"] });
    await expect(followed.next()).rejects.toMatchObject({
      code: "NOT_SUBSCRIBED",
      message: "That can't be subscribed to.",
      problem: { errors },
    });
    await followed.connection.close();
    expect([server.opened.length, server.sockets]).toEqual([1, 0]);
  });

  test("with a subscription that the server could not take just then is followed by another", async () => {
    server.faults.subscribe = () =>
      server.opened.length < 3 ? [control("error", { error: "Out of order.", status: 500 })] : undefined;
    const followed = follow();
    await became(followed, "live");
    expect(followed.changes[1]).toMatchObject({
      state: "waiting",
      cause: { status: 500, code: "NOT_SUBSCRIBED" },
    });
    expect([server.opened.length, server.most]).toEqual([3, 1]);
  });

  test("and never gets an answer to its subscription is given up", async () => {
    server.faults.subscribe = () => (server.opened.length < 3 ? [] : undefined);
    const followed = follow({ openWithinMs: 20 });
    await became(followed, "live");
    expect(server.opened).toHaveLength(3);
    expect(server.most).toBe(1);
  });

  test("pauses are short again after a subscription that lasted, and grow after one that did not", async () => {
    const pauses = async (steadyMs: number) => {
      const followed = follow({ steadyMs });
      for (let times = 1; times <= 3; times++) {
        await became(followed, "live", times);
        server.drop();
      }
      await became(followed, "live", 4);
      await followed.connection.close();
      return followed.changes.flatMap((change) => (change.state === "waiting" ? [change.pauseMs] : []));
    };
    expect(await pauses(0)).toEqual([1, 1, 1]);
    expect(await pauses(60_000)).toEqual([1, 2, 4]);
  });
});

test("pings go out while it lives; a pong that does not come is the socket's end, and nothing is lost", async () => {
  let pings = 0;
  server.faults.mute = () => ++pings === 4;
  const followed = follow({ pingEveryMs: 5, pongWithinMs: 100 });
  await became(followed, "waiting");
  const [missed] = server.append({ type: "leader_changed" });
  expect(followed.changes.find(({ state }) => state === "waiting")).toMatchObject({
    cause: { message: "The server did not answer a ping in time." },
  });
  expect(await followed.next()).toEqual(missed);
  expect(pings).toBeGreaterThanOrEqual(4);
  expect(server.most).toBe(1);
});

test("a server that answers no closing handshake holds up neither the next attempt nor the end", async () => {
  const held: Duplex[] = [];
  const deaf = createServer().on("upgrade", ({ headers }, socket) => {
    held.push(socket);
    const accept = createHash("sha1")
      .update(`${headers["sec-websocket-key"]}${WEBSOCKET_GUID}`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const url = `ws://127.0.0.1:${(deaf.address() as AddressInfo).port}/ws/admin`;
  const arx = createClient({
    baseUrl: server.origin,
    fetch: async () => Response.json({ ticket: "t", url }),
  });
  const connection = arx.connect({ openWithinMs: 50, closeWithinMs: 5, backoffBaseMs: 1, backoffMaxMs: 1 });
  while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await connection.close();
  expect(connection.state).toBe("closed");
  for (const socket of held) socket.destroy();
  await new Promise((resolve) => deaf.close(resolve));
});

describe("a consumer that is behind", () => {
  test("gets all in the end; meanwhile there is no socket, and no more than the limit is held", async () => {
    const since = server.head;
    const sent = server.append(
      ...Array.from({ length: 95 }, (_, at) => ({ type: "node_updated", data: { at } })),
    );
    const followed = follow({ since, queueLimit: 10 });
    for (let round = 1; round <= 9; round++) {
      await became(followed, "paused", round);
      for (let times = 0; times < 3; times++) await fetch(server.origin);
      expect(followed.connection.state).toBe("paused");
      expect(server.sockets).toBe(0);
      expect(server.opened).toHaveLength(round);
      const items = [];
      for (let count = 0; count < 10; count++) items.push(await followed.next());
      expect(items).toEqual(sent.slice(10 * (round - 1), 10 * round));
      expect(followed.connection.cursor).toBe(items.at(-1)?.id);
    }
    for (const one of sent.slice(90)) expect(await followed.next()).toEqual(one);
    expect(server.opened.map(({ asked }) => asked[0]?.since)).toEqual([
      since,
      ...ids(sent.filter((_, at) => at % 10 === 9)),
    ]);
    expect(server.most).toBe(1);
  });

  test("may leave: what it was not given comes after its cursor", async () => {
    const since = server.head;
    const sent = server.append(...Array.from({ length: 30 }, () => ({ type: "node_updated" })));
    const followed = follow({ since, queueLimit: 10 });
    await became(followed, "paused");
    await followed.next();
    await followed.connection.close();
    expect(followed.connection.cursor).toBe(sent[0]!.id);
    await expect(followed.next()).rejects.toThrow("It ended.");
    const again = follow({ since: followed.connection.cursor });
    expect(await again.next()).toEqual(sent[1]);
  });
});

describe("a signal", () => {
  const reason = new Error("enough");

  test.each(["connecting", "live", "waiting", "paused"] as const)("ends it while it is %s", async (state) => {
    const ending = new AbortController();
    server.append({ type: "leader_changed" }, { type: "leader_changed" }, { type: "leader_changed" });
    if (state === "connecting") server.faults.subscribe = () => [];
    if (state === "waiting") server.faults.ticket = () => 503;
    const since = state === "paused" ? server.log[0]!.id : undefined;
    const followed = follow({
      signal: ending.signal,
      since,
      queueLimit: 1,
      backoffBaseMs: 1e6,
      backoffMaxMs: 1e6,
    });
    await became(followed, state);
    const coming = state === "paused" ? undefined : failure(followed.next());
    ending.abort(reason);
    expect(await (coming ?? failure(followed.next()))).toBe(reason);
    await followed.connection.close();
    expect(followed.changes.at(-1)).toEqual({ state: "closed", cause: reason });
    await expect(followed.next()).rejects.toThrow("It ended.");
    expect(server.sockets).toBe(0);
  });

  test("that was there before asks for nothing", async () => {
    const followed = follow({ signal: AbortSignal.abort(reason) });
    expect(await failure(followed.next())).toBe(reason);
    expect(server.tickets).toBe(0);
  });

  test("keeps no listener of a connection that ended", async () => {
    const { signal } = new AbortController();
    const listening = () => getEventListeners(signal, "abort").length;
    const followed = follow({ signal });
    await became(followed, "live");
    expect(listening()).toBe(1);
    await followed.connection.close();
    expect(listening()).toBe(0);
  });
});

test("leaving the loop closes it; closing it ends the loop, for all that wait", async () => {
  const left = follow();
  await became(left, "live");
  server.append({ type: "leader_changed" });
  for await (const { type } of left.connection) {
    expect(type).toBe("leader_changed");
    break;
  }
  expect(left.connection.state).toBe("closed");
  expect(server.sockets).toBe(0);

  const closed = follow();
  await became(closed, "live");
  const items = closed.connection[Symbol.asyncIterator]();
  const waiting = [items.next(), items.next()];
  await Promise.all([closed.connection.close(), closed.connection.close()]);
  expect(await Promise.all(waiting)).toEqual([
    { value: undefined, done: true },
    { value: undefined, done: true },
  ]);
});

test("the socket of the package ws will do as well", async () => {
  const followed = follow({ WebSocket: PackageSocket });
  await became(followed, "live");
  server.drop();
  const [missed] = server.append({ type: "leader_changed" });
  expect(await followed.next()).toEqual(missed);
});

test("a process that closed it has nothing left to wait for", async () => {
  const since = server.head;
  server.append({ type: "leader_changed" });
  const client = new URL("../../client/index.ts", import.meta.url).href;
  const script = `
    import { createClient } from ${JSON.stringify(client)};
    const arx = createClient({ baseUrl: ${JSON.stringify(server.origin)}, token: ${JSON.stringify(server.key)} });
    const connection = arx.connect({ since: ${JSON.stringify(since)}, pingEveryMs: 1e9, closeWithinMs: 1e9 });
    for await (const { type } of connection) { console.log(type); break; }`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
  expect(said).toBe("leader_changed\n");
});

test("options that can't be are refused at once", () => {
  const arx = createClient({ baseUrl: server.origin });
  expect(() => arx.connect({ queueLimit: 0 })).toThrow(RangeError);
  expect(() => arx.connect({ pingEveryMs: Number.POSITIVE_INFINITY })).toThrow("pingEveryMs");
  expect(() => arx.connect({ backoffMaxMs: Number.NaN })).toThrow(RangeError);
  expect(() => arx.connect({ cells: new Array(2000).fill("u0mz") })).toThrow("8000 bytes");
});

test("its types are the log's, and narrow by `type`", () => {
  expectTypeOf<EventType>().toEqualTypeOf<KnownType>();
  const arx = createClient({ baseUrl: server.origin });
  const narrowed = () => arx.connect({ types: ["node_deleted", "route_request"] });
  expectTypeOf(narrowed).returns.toEqualTypeOf<Connection<"node_deleted" | "route_request">>();
  const read = (event: ArxEvent<"node_deleted" | "route_request">) => {
    if (event.type === "node_deleted") expectTypeOf(event.data).toEqualTypeOf<EventData["node_deleted"]>();
    else if (event.type === "snapshot_required") expectTypeOf(event.data.snapshot).items.toBeString();
    else expectTypeOf(event.data.distance).toEqualTypeOf<number | null>();
  };
  expectTypeOf(read).parameter(0).toExtend<ArxEvent>();
});
