import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHANNELS, type Channel } from "../../contract/channels.ts";
import { Keys } from "../../core/keys/index.ts";
import { MAX_INBOUND_BYTES } from "../../core/realtime/schema.ts";
import type { SocketHandler } from "../../functions/ws/chain.ts";
import type { SocketEvent } from "../../functions/ws/event.ts";
import { makeRealtime } from "../../functions/ws/realtime.ts";
import { account, adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Calling, callersOf, mayCall } from "./callers.ts";
import { type HttpEdge, openHttpEdge } from "./edge.ts";
import { openStage, type Stage } from "./stage.ts";
import { contentOf, differences } from "./stored.ts";

/** Every channel and action of the WebSocket API, for every kind of caller (reliability 2). */

/** What each action answers with when it is done. One that is not here fails the run. */
const ACTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  admin: { subscribe: "subscribed", unsubscribe: "unsubscribed", ping: "pong" },
};

let world: TestWorld;
let stage: Stage;
let edge: HttpEdge;
let handler: SocketHandler;
let tried = 0;
const closed: string[] = [];
const posted: { readonly to: string; readonly type: string }[] = [];
beforeAll(async () => {
  world = await openTestWorld();
  stage = await openStage(world);
  edge = openHttpEdge(world);
  handler = handlerOf(world);
});
afterAll(async () => {
  console.log(`access: ${channels.length} channels, ${tried} cases`);
  await stage.close();
  await world.close();
});

function handlerOf(of: TestWorld): SocketHandler {
  return makeRealtime(
    () => of,
    () => ({
      async post(to, text) {
        posted.push({ to, type: (JSON.parse(text) as { type: string }).type });
        return "sent";
      },
      async close(id) {
        closed.push(id);
      },
    }),
  );
}

const channels = Object.entries(CHANNELS) as [string, Channel][];

function send(connectionId: string, routeKey: string, more: Partial<SocketEvent> = {}, by = handler) {
  const requestContext = { routeKey, connectionId, requestId: randomUUID() };
  tried++;
  return by({ requestContext, ...more }, {} as Context);
}

const connect = (id: string, channel: string, { credential }: Pick<Calling, "credential">, by = handler) =>
  send(
    id,
    "$connect",
    {
      headers: credential === undefined ? {} : { Authorization: `Bearer ${credential}` },
      queryStringParameters: { channel, subscribe: "manual" },
    },
    by,
  );

/** What the connection is told in answer to an action. */
async function act(id: string, action: string, by = handler): Promise<string | undefined> {
  const { statusCode } = await send(id, "$default", { body: JSON.stringify({ action }) }, by);
  expect(statusCode).toBe(200);
  return posted.findLast(({ to }) => to === id)?.type;
}

it("all channels and actions are listed, and no other is there", async () => {
  expect(
    Object.fromEntries(Object.entries(ACTIONS).map(([name, actions]) => [name, Object.keys(actions)])),
  ).toEqual(Object.fromEntries(channels.map(([name, { actions }]) => [name, [...actions]])));
  for (const channel of ["", "edge", "Admin", "__proto__", "constructor"]) {
    const asked = {
      headers: { Authorization: `Bearer ${stage.admin.token}` },
      queryStringParameters: { channel },
    };
    if (!(channel in CHANNELS)) expect((await send("c-0", "$connect", asked)).statusCode).toBe(404);
  }
});

describe.each(channels)("%s", (name, channel) => {
  const actions = Object.entries(ACTIONS[name] ?? {});

  it("is opened by those who may, and each of their actions answered", async () => {
    const callers = (await callersOf(stage, channel.who, undefined)).filter((one) =>
      mayCall(one, channel.who),
    );
    expect(callers.length).toBeGreaterThan(1);
    for (const caller of callers) {
      const id = randomUUID();
      expect([caller.name, await connect(id, name, caller)]).toEqual([caller.name, { statusCode: 200 }]);
      for (const [action, answer] of actions)
        expect([action, await act(id, action)]).toEqual([action, answer]);
      expect(await act(id, "broadcast")).toBe("error");
    }
  });

  it("is refused to the others, whose messages do nothing", async () => {
    const callers = (await callersOf(stage, channel.who, undefined)).filter(
      (one) => !mayCall(one, channel.who),
    );
    const before = await contentOf(world);
    for (const caller of callers) {
      const id = randomUUID();
      const refusal = caller.kind === "nobody" || caller.kind === "stranger" ? 401 : 403;
      const { statusCode, body } = await connect(id, name, caller);
      expect([caller.name, statusCode]).toEqual([caller.name, refusal]);
      expect(body).not.toContain(String(caller.credential));
      for (const [action] of actions)
        expect([caller.name, action, await act(id, action)]).toEqual([caller.name, action, "error"]);
    }
    expect(differences(before, await contentOf(world))).toEqual([]);
  });

  it("is opened once by a ticket, and by no other text in its place", async () => {
    const { ticket } = (await edge.ask("createTicket", {}, { credential: stage.admin.token })).body as {
      ticket: string;
    };
    const by = (text: string) =>
      send(randomUUID(), "$connect", { queryStringParameters: { channel: name, ticket: text } });
    const others = [
      ticket.slice(0, -1),
      `${ticket}x`,
      "arx_ticket_",
      stage.admin.token,
      stage.machine,
      "x".repeat(MAX_INBOUND_BYTES),
    ];
    for (const text of others) expect((await by(text)).statusCode, text).toBe(401);
    const both = await Promise.all([by(ticket), by(ticket), by(ticket)]);
    const sum = { 200: 0, 401: 0 } as Record<number, number>;
    for (const { statusCode } of both) sum[statusCode]!++;
    expect(sum).toEqual({ 200: 1, 401: 2 });
  });

  it("is closed to whose session or key has ended, within five seconds", async () => {
    const { key, id: keyId } = await Keys.createKey(adminCtx(world), {
      name: "ends",
      scopes: ["events:read"],
    });
    const leaving = await account(world, "admin");
    let now = Date.now();
    const late = handlerOf({ ...world, memory: new Map(), now: () => now });
    const callers: [string, () => Promise<unknown>][] = [
      [key, () => Keys.deleteKey(adminCtx(world), { id: keyId })],
      [leaving.token, () => edge.ask("logout", {}, { credential: leaving.token })],
    ];
    for (const [credential, end] of callers) {
      const ids = actions.map(() => randomUUID());
      for (const id of ids)
        expect(await connect(id, name, { credential }, late)).toEqual({ statusCode: 200 });
      await end();
      now += 5000;
      const before = (await contentOf(world)).filter((one) => !ids.some((id) => one.includes(id)));
      for (const [at, [action, answer]] of actions.entries()) {
        expect(await act(ids[at]!, action, late)).not.toBe(answer);
        expect(closed).toContain(ids[at]);
      }
      expect(differences(before, await contentOf(world))).toEqual([]);
    }
  });

  it("a message that goes on after its connection ended does nothing", async () => {
    const [admin] = (await callersOf(stage, channel.who, undefined)).filter(({ kind }) => kind === "admin");
    const id = randomUUID();
    await connect(id, name, admin!);
    await send(id, "$disconnect");
    const before = await contentOf(world);
    for (const [action] of actions) expect([action, await act(id, action)]).toEqual([action, "error"]);
    expect(differences(before, await contentOf(world))).toEqual([]);
  });
});
