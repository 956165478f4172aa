import { randomUUID } from "node:crypto";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Keys } from "../../core/keys/index.ts";
import { CREDENTIALS } from "../../core/keys/items.ts";
import type { Peers } from "../../core/realtime/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { getItem, type Item } from "../../core/store/index.ts";
import { Users } from "../../core/users/index.ts";
import { SESSIONS } from "../../core/users/sessions/items.ts";
import { identify } from "../../functions/http/identify.ts";
import { makeKeyEnds } from "../../functions/streams/key-ends.ts";
import { makeSessionEnds } from "../../functions/streams/session-ends.ts";
import type { SocketEvent } from "../../functions/ws/event.ts";
import { makeRealtime } from "../../functions/ws/realtime.ts";
import { account, adminCtx, openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";

let world: TestWorld;
const said: { readonly id: string; readonly text: string }[] = [];
const closed: string[] = [];
const peers: Peers = {
  async post(id, text) {
    said.push({ id, text });
    return "sent";
  },
  async close(id) {
    closed.push(id);
  },
};

beforeAll(async () => {
  world = await openTestWorld({ config: { ARX_CORS_ORIGINS: ["https://ops.example.com"] } });
});
afterAll(() => world.close());

/** The function as a process of its own serves it, which knows nothing yet. */
const handler = (event: SocketEvent) =>
  makeRealtime(
    () => ({ ...world, memory: new Map() }),
    () => peers,
  )(event, {} as Context);

async function connect(credential: string, headers: Record<string, string> = {}, query = {}) {
  const connectionId = randomUUID();
  const { statusCode } = await handler({
    requestContext: { routeKey: "$connect", connectionId, requestId: "r" },
    headers: { Authorization: `Bearer ${credential}`, ...headers },
    queryStringParameters: { channel: "admin", subscribe: "manual", ...query },
  });
  return { connectionId, statusCode };
}

const say = (connectionId: string, message: unknown) =>
  handler({
    requestContext: { routeKey: "$default", connectionId, requestId: "r" },
    body: JSON.stringify(message),
  });

/** What the stream of a table tells of an item that is gone. */
const removed = (item: Item): DynamoDBRecord => ({
  eventName: "REMOVE",
  dynamodb: { SequenceNumber: "1", OldImage: marshall(item, { removeUndefinedValues: true }) as never },
});

async function ctxOf(token: string): Promise<Ctx> {
  return { ...world, actor: await identify(world, `Bearer ${token}`), requestId: "test" };
}

test("R11: a session that ends takes its sockets along, and no other's, however often it is told", async () => {
  const [ada, bob] = [await account(world, "admin"), await account(world, "admin")];
  const [one, two, other] = [await connect(ada.token), await connect(ada.token), await connect(bob.token)];
  expect([one, two, other].map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  const ctx = await ctxOf(ada.token);
  const session = "session" in ctx.actor ? ctx.actor.session : "";
  const item = await getItem(world.store, SESSIONS, { id: session, item: "session" }, { consistent: true });
  await Users.logout(ctx, {});
  const ends = makeSessionEnds(
    () => world,
    () => peers,
  );
  const event = { Records: [removed({ id: `user#${ada.id}`, item: session }), removed(item!)] };
  expect(await ends(event)).toEqual({ batchItemFailures: [] });
  expect(await ends(event)).toEqual({ batchItemFailures: [] });
  expect(closed.sort()).toEqual([one.connectionId, two.connectionId].sort());
  expect(await Realtime.find(world, one.connectionId)).toBeNull();
  expect((await Realtime.find(world, other.connectionId))?.id).toBe(other.connectionId);
});

test("R11: a key that is deleted takes its sockets along", async () => {
  const key = await serviceKey(world, ["events:read"]);
  const { connectionId, statusCode } = await connect(key);
  expect(statusCode).toBe(200);
  const { actor } = await ctxOf(key);
  const { id } = actor as { id: string };
  const item = await getItem(world.store, CREDENTIALS, { id: `key#${id}` }, { consistent: true });
  await Keys.deleteKey(adminCtx(world), { id });
  const ends = makeKeyEnds(
    () => world,
    () => peers,
  );
  await ends({ Records: [removed({ id: `join#${id}` }), removed(item!)] });
  expect(closed).toContain(connectionId);
});

test("R11: a message over a socket whose session has ended is not taken, and ends the socket", async () => {
  const eve = await account(world, "admin");
  const { connectionId } = await connect(eve.token);
  await Users.logout(await ctxOf(eve.token), {});
  said.length = 0;
  await say(connectionId, { action: "subscribe" });
  expect(closed).toContain(connectionId);
  expect(said.some(({ text }) => text.includes("subscribed"))).toBe(false);
  expect(await Realtime.find(world, connectionId)).toBeNull();
});

test("R1, R11: a ticket of a session that has ended opens nothing", async () => {
  const eve = await account(world, "admin");
  const ctx = await ctxOf(eve.token);
  const { ticket } = await Realtime.issueTicket(ctx);
  await Users.logout(ctx, {});
  const connectionId = randomUUID();
  const { statusCode } = await handler({
    requestContext: { routeKey: "$connect", connectionId, requestId: "r" },
    queryStringParameters: { channel: "admin", ticket },
  });
  expect(statusCode).toBe(401);
  expect(await Realtime.find(world, connectionId)).toBeNull();
});

test("R1: who has no business with events may not connect", async () => {
  const user = await account(world, "user");
  expect((await connect(user.token)).statusCode).toBe(403);
  expect((await connect(await serviceKey(world, ["nodes:read"]))).statusCode).toBe(403);
});

test.each([
  ["of an operator's page", { Origin: "https://ops.example.com" }, 200],
  ["of its own page", { Origin: "http://arx.example", Host: "arx.example" }, 200],
  ["of no page", {}, 200],
  ["of another page", { Origin: "https://evil.example.com", Host: "arx.example" }, 403],
  ["of a page that hides itself", { origin: "null", host: "arx.example" }, 403],
  ["of a page whose name goes on", { Origin: "https://ops.example.com.evil.example" }, 403],
] as const)("R1: a connection %s", async (_, headers, status) => {
  const { token } = await account(world, "admin");
  expect((await connect(token, headers)).statusCode).toBe(status);
});
