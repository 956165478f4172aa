import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actor } from "../../core/ctx.ts";
import { type Change, Events } from "../../core/events/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { type Listener, listenersTo } from "../../core/realtime/items.ts";
import { MAX_MESSAGE_BYTES } from "../../core/realtime/message.ts";
import { identify } from "../../functions/http/identify.ts";
import type { SocketHandler } from "../../functions/ws/chain.ts";
import type { SocketAnswer, SocketEvent } from "../../functions/ws/event.ts";
import { makeRealtime } from "../../functions/ws/realtime.ts";
import { adminCtx, openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";
import { Gateway } from "./gateway.ts";

/** Parallel redemptions of one ticket. */
const REDEMPTIONS = Number(process.env.ARX_RUNS ?? 100);

let world: TestWorld;
let handler: SocketHandler;
let now = Date.now();
const gateway = new Gateway(Math.random);
const faults: string[] = [];

beforeAll(async () => {
  const error = (message: string) => void faults.push(message);
  world = await openTestWorld({ now: () => now, log: { info() {}, warn() {}, error } });
  handler = makeRealtime(
    () => world,
    () => gateway.from(),
  );
  bearer = { Authorization: `Bearer ${await serviceKey(world, ["events:read"])}` };
  admin = await identify(world, bearer.Authorization);
});
afterAll(() => world.close());

function send(
  routeKey: string,
  connectionId: string,
  sent: Partial<SocketEvent> = {},
): Promise<SocketAnswer> {
  const requestContext = { routeKey, connectionId, requestId: "gateway-1" };
  return handler({ ...sent, requestContext }, {} as Context);
}

function connect(
  query: Record<string, string> | null,
  headers: Record<string, string> = {},
  id = randomUUID(),
): Promise<SocketAnswer> {
  return send("$connect", id, { headers, queryStringParameters: query });
}

let bearer: { readonly Authorization: string };
/** As whom tickets are made. */
let admin: Actor;
const ticketOf = async () => (await Realtime.issueTicket({ ...adminCtx(world), actor: admin })).ticket;
const errorOf = ({ body }: SocketAnswer) => (JSON.parse(body!) as { error: string }).error;

interface Word {
  readonly type: string;
  readonly id: string;
  readonly data: { readonly error?: string; readonly errors?: { path: string; message: string }[] } & Record<
    string,
    unknown
  >;
}

/** An open connection that hears nothing yet, and what it was sent. */
async function opened(query: Record<string, string> = { subscribe: "manual" }) {
  const id = randomUUID();
  const words: Word[] = [];
  let isOpen = true;
  expect(await connect({ channel: "admin", ...query }, bearer, id)).toEqual({ statusCode: 200 });
  gateway.connect(id, {
    take: (text) => words.push(...([JSON.parse(text)].flat() as Word[])),
    ended: () => {
      isOpen = false;
    },
  });
  const say = (message: unknown) => send("$default", id, { body: JSON.stringify(message) });
  return { id, words, say, isOpen: () => isOpen };
}

async function listenerOf(id: string): Promise<Listener | undefined> {
  return (await listenersTo(world.store, ["node_created", "device_moved"])).find((one) => one.id === id);
}

test("R1: a ticket lets in once", async () => {
  const ticket = await ticketOf();
  expect(await connect({ channel: "admin", ticket })).toEqual({ statusCode: 200 });
  const again = await connect({ channel: "admin", ticket });
  expect([again.statusCode, errorOf(again)]).toEqual([401, expect.stringContaining("ticket is not valid")]);
});

test("R1: a ticket is good for 30 s", async () => {
  const [early, late] = [await ticketOf(), await ticketOf()];
  now += 30_000;
  expect((await connect({ channel: "admin", ticket: early })).statusCode).toBe(200);
  now += 1;
  expect((await connect({ channel: "admin", ticket: late })).statusCode).toBe(401);
});

test(`R1: of ${REDEMPTIONS} who come with one ticket at once (ARX_RUNS) one gets in`, async () => {
  const ticket = await ticketOf();
  const answers = await Promise.all(
    Array.from({ length: REDEMPTIONS }, () => connect({ channel: "admin", ticket })),
  );
  const statuses = answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b);
  expect(statuses).toEqual([200, ...Array.from({ length: REDEMPTIONS - 1 }, () => 401)]);
});

test.each([
  ["no credential", { channel: "admin" }, () => ({}), 401],
  ["a wrong ticket", { channel: "admin", ticket: "arx_ticket_wrong" }, () => ({}), 401],
  ["a wrong ticket beside a good key", { channel: "admin", ticket: "arx_ticket_wrong" }, () => bearer, 401],
  ["a wrong key", { channel: "admin" }, () => ({ Authorization: "Bearer not-the-admin-key-at-all" }), 401],
  ["another scheme", { channel: "admin" }, () => ({ Authorization: "Basic dGVzdA==" }), 401],
  ["an unknown channel", { channel: "public" }, () => bearer, 404],
  ["no channel", null, () => bearer, 404],
  ["the key", { channel: "admin" }, () => bearer, 200],
  [
    "the key, its header in lower case",
    { channel: "admin" },
    () => ({ authorization: bearer.Authorization }),
    200,
  ],
])("R1: connecting with %s", async (_, query, headersOf, status) => {
  const headers = headersOf();
  const id = randomUUID();
  const answer = await connect(query, headers, id);
  expect(answer.statusCode).toBe(status);
  if (status !== 200) expect(errorOf(answer)).toMatch(/\.$/);
  expect((await listenerOf(id)) !== undefined).toBe(status === 200);
});

test("an unknown channel uses no ticket up", async () => {
  const ticket = await ticketOf();
  expect((await connect({ channel: "public", ticket })).statusCode).toBe(404);
  expect((await connect({ channel: "admin", ticket })).statusCode).toBe(200);
});

test("R1: a connection hears of everything, from a second after it opened; one that says manual of nothing", async () => {
  const [all, manual] = [await opened({}), await opened()];
  expect(await listenerOf(all.id)).toMatchObject({
    subscription: { types: null, cells: null },
    ready_at: now + 1000,
  });
  expect(await listenerOf(manual.id)).toBeUndefined();
});

const long = JSON.stringify({ action: "subscribe", pad: "x".repeat(8 * 1024) });
test.each([
  ["no JSON", "{", "not valid JSON", undefined],
  ["nothing", "", "not valid JSON", undefined],
  ["an array", "[]", "must be a JSON object", undefined],
  ["null", "null", "must be a JSON object", undefined],
  ["more than 8 KB", long, "at most 8 KiB", undefined],
  ["no action", "{}", "`action` must be", "action"],
  ["an unknown action", '{"action":"shout"}', "`action` must be", "action"],
  ["an action that is no text", '{"action":["ping"]}', "`action` must be", "action"],
  ["an unknown field", '{"action":"subscribe","type":"node_created"}', "Unknown field", "type"],
  ["an unknown type", '{"action":"subscribe","types":["node_born"]}', "Must be one of", "types.0"],
  ["types that are no list", '{"action":"subscribe","types":"node_created"}', "Must be a list", "types"],
  ["65 cells", { action: "subscribe", cells: Array(65).fill("u") }, "at most 64", "cells"],
  ["a cell that is no geohash", { action: "subscribe", cells: ["u0", "ua"] }, "Must be a geohash", "cells.1"],
  ["a cell of ten characters", { action: "subscribe", cells: ["u0qj7u0qj7"] }, "1 to 9", "cells.0"],
  ["an empty cell", { action: "subscribe", cells: [""] }, "Must be a geohash", "cells.0"],
  ["an empty cursor", { action: "subscribe", since: "" }, "Must be an event's id", "since"],
  ["a cursor that is no text", { action: "subscribe", since: 7 }, "Must be an event's id", "since"],
])("%s is answered by an error; the subscription stays as it was", async (_, body, error, path) => {
  const { id, words, say, isOpen } = await opened();
  await say({ action: "subscribe", types: ["node_created"], cells: ["u0"] });
  const before = await listenerOf(id);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  expect(await send("$default", id, { body: text })).toEqual({ statusCode: 200 });
  expect(words.map(({ type }) => type)).toEqual(["subscribed", "error"]);
  expect(words[1]!.data.error).toContain(error);
  expect(words[1]!.data.errors?.map((issue) => issue.path)).toEqual(path === undefined ? undefined : [path]);
  expect(isOpen()).toBe(true);
  expect(before).toMatchObject({ generation: 2, subscription: { types: ["node_created"], cells: ["u0"] } });
  expect(await listenerOf(id)).toEqual(before);
});

test("binary is answered by an error", async () => {
  const { id, words } = await opened();
  const body = Buffer.from('{"action":"ping"}').toString("base64");
  await send("$default", id, { body, isBase64Encoded: true });
  expect(words.map(({ type, data }) => [type, data.error])).toEqual([
    ["error", "A message must be text, not binary."],
  ]);
});

test("however much is wrong with a message, the error is one message of 32 KB", async () => {
  const { words, say } = await opened();
  await say({ action: "subscribe", types: Array(64).fill("") });
  const unknown = Array.from({ length: 900 }, (_, n) => [n.toString(36), 0]);
  await say({ action: "subscribe", ...Object.fromEntries(unknown) });
  expect(words.map(({ type, data }) => [type, data.errors?.length])).toEqual([
    ["error", 20],
    ["error", 20],
  ]);
  expect(gateway.largest).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
});

test("R2, R3: a subscription replaces the one before; unsubscribe ends it; ping is answered", async () => {
  const { id, words, say } = await opened();
  await say({ action: "subscribe", types: ["device_moved", "node_created", "device_moved"], cells: [] });
  await say({ action: "subscribe", types: [] });
  expect((await listenersTo(world.store, ["device_moved"])).filter((one) => one.id === id)).toMatchObject([
    { generation: 3, subscription: { types: null, cells: null } },
  ]);
  await say({ action: "ping" });
  await say({ action: "unsubscribe" });
  expect(await listenerOf(id)).toBeUndefined();
  expect(words.map(({ type }) => type)).toEqual(["subscribed", "subscribed", "pong", "unsubscribed"]);
  expect(words[0]!.data).toEqual({ types: ["device_moved", "node_created"], cells: null, since: null });
});

test("R2: of two subscriptions at once one stands", async () => {
  const { id, say } = await opened();
  await Promise.all([
    say({ action: "subscribe", types: ["node_created"] }),
    say({ action: "subscribe", types: ["device_moved"] }),
  ]);
  const mine = (await listenersTo(world.store, ["node_created", "device_moved"])).filter(
    (it) => it.id === id,
  );
  expect(mine).toMatchObject([{ generation: 3 }]);
});

test("a connection that ended is forgotten, twice without harm; what it still says is not answered", async () => {
  const { id, words, say } = await opened({});
  for (let n = 0; n < 2; n++) expect(await send("$disconnect", id)).toEqual({ statusCode: 200 });
  expect(await listenerOf(id)).toBeUndefined();
  gateway.disconnect(id);
  expect(await say({ action: "subscribe" })).toEqual({ statusCode: 200 });
  expect(words).toEqual([]);
});

test("a connection that is open and not on record is told, and closed", async () => {
  const { id, words, say, isOpen } = await opened();
  await Realtime.closed(world, id);
  await say({ action: "subscribe" });
  expect(isOpen()).toBe(false);
  expect(words).toEqual([]);
});

async function append(...types: ("node_created" | "device_moved")[]): Promise<string[]> {
  const sequence = BigInt(now) * 1000n + BigInt(Math.floor(Math.random() * 1000));
  const facts = types.map((type) => ({ type, at: now, data: {} }));
  const change: Change = { sequence, facts };
  await Events.append(world, { table: "test", shard: randomUUID() }, [change]);
  const head = await Events.head(world);
  const [entry] = await Events.readAfter(world, head.seq - 1, 1);
  return entry!.facts.map(({ id }) => id);
}

async function wordsAfter(since: string): Promise<[string, unknown][]> {
  const { words, say } = await opened();
  await say({ action: "subscribe", since });
  return words.map(({ type, id, data }) => [type, type === "snapshot_required" ? data.reason : id]);
}

test("R4: what came after a cursor is sent first, the rest of its own entry too", async () => {
  const [first, second] = await append("node_created", "device_moved");
  const [third] = await append("node_created");
  expect(await wordsAfter(first!)).toEqual([
    ["subscribed", first],
    ["device_moved", second],
    ["node_created", third],
  ]);
  expect(await wordsAfter(second!)).toEqual([
    ["subscribed", second],
    ["node_created", third],
  ]);
  expect(await wordsAfter(third!)).toEqual([["subscribed", third]]);
});

test("R4: an old cursor is good while nothing came after it, and too old then", async () => {
  const [old] = await append("node_created");
  const end = Events.endOf(Events.placeOf(old!)!);
  now += 3_600_001;
  expect(await wordsAfter(old!)).toEqual([["subscribed", old]]);
  expect(await wordsAfter(end)).toEqual([["subscribed", end]]);
  const [next] = await append("node_created");
  const head = Events.endOf(Events.placeOf(next!)!);
  for (const cursor of [old!, end]) {
    expect(await wordsAfter(cursor)).toEqual([
      ["subscribed", head],
      ["snapshot_required", "too_old"],
    ]);
  }
});

test("R4: what was never an event's id is an unknown cursor", async () => {
  const [id] = await append("node_created");
  await append("node_created");
  const place = Events.placeOf(id!)!;
  const head = Events.endOf(await Events.head(world));
  const never = [
    "no id at all",
    randomUUID(),
    id!.slice(0, -1),
    id!.toUpperCase() === id ? `${id}0` : id!.toUpperCase(),
    Events.eventId({ ...place, at: place.at + 1 }),
    Events.eventId({ ...place, seq: place.seq + 1000 }),
    Events.eventId({ at: now, seq: place.seq - 100_000_000, index: 0 }),
  ];
  for (const cursor of never) {
    expect(await wordsAfter(cursor), cursor).toEqual([
      ["subscribed", head],
      ["snapshot_required", "unknown_cursor"],
    ]);
  }
});

test("nothing of all this was a fault of ours", () => expect(faults).toEqual([]));
