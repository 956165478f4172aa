import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import type { Actor, Ctx } from "../../core/ctx.ts";
import { LimitExceeded } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits/items.ts";
import { HERE } from "../../core/limits/policy.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { Routing } from "../../core/routing/index.ts";
import { countRequest } from "../../core/routing/limit.ts";
import { routerOf } from "../../core/routing/presence.ts";
import type { TableSpec } from "../../core/store/index.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { member, observeAll, Truth } from "../cells/fleet.ts";
import { call } from "../http/event.ts";
import { openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";
import { type Edge, startEdge } from "./edges.ts";

const at = { lat: 47.37, lng: 8.54 };
const asked = { request_id: "r", coordinates: at };
const LIMIT = 5;

let world: TestWorld;
let edge: Edge;
let now: number;
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  world = await openTestWorld({ config: { ROUTE_LIMIT_PER_MINUTE: LIMIT }, now: () => now });
  edge = await startEdge();
  const truth = new Truth();
  await truth.tell(world, truth.put({ ...member("only", at.lat, at.lng), endpoint: edge.endpoint }));
  await observeAll(world, 1, now);
});
afterEach(async () => {
  await edge.close();
  await world.close();
});

const as = (actor: Actor, remoteAddr = "192.0.2.1"): Ctx => ({
  ...world,
  actor,
  requestId: "test",
  caller: { userAgent: "test", remoteAddr },
});
const anyone: Actor = { kind: "anyone" };
const user: Actor = { kind: "user", id: "u", session: "s" };
const service: Actor = { kind: "service", id: "k", scopes: ["route"] };

/** How many of `tries` pass; the rest must be refused by a limit. */
async function passed(ctx: Ctx, tries: number, more: object = {}): Promise<number> {
  let count = 0;
  for (let at = 0; at < tries; at++) {
    try {
      await Routing.route(ctx, { ...asked, ...more });
      count++;
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
    }
  }
  return count;
}

async function items(spec: TableSpec): Promise<number> {
  const { Count } = await world.store.doc.send(
    new ScanCommand({ TableName: world.store.table(spec), Select: "COUNT" }),
  );
  return Count ?? 0;
}

describe("routes are limited", () => {
  test("for each address by itself, until its minute is over, without a write", async () => {
    expect(await passed(as(anyone), 8)).toBe(LIMIT);
    expect(await passed(as(anyone, "::ffff:192.0.2.1"), 1)).toBe(0);
    expect(await passed(as(anyone, "192.0.2.2"), 8)).toBe(LIMIT);
    expect(await passed(as(anyone, "2001:db8::1"), 3)).toBe(3);
    expect(await passed(as(anyone, "2001:db8::2"), 3)).toBe(LIMIT - 3);
    now += 60_000;
    await observeAll(world, 2, now);
    expect(await passed(as(anyone), 1)).toBe(1);
    expect(await items(LIMITS)).toBe(0);
  });

  test("for each identity, wherever it calls from; a service may ask for many clients", async () => {
    expect(await passed(as(user), 8)).toBe(LIMIT);
    expect(await passed(as(user, "192.0.2.9"), 1)).toBe(0);
    expect(await passed(as({ ...user, id: "other" }), 1)).toBe(1);
    expect(await passed(as(anyone), 1)).toBe(1);
    expect(await passed(as(service), 20)).toBe(20);
  });

  test("by what they are: to be forwarded has a limit of its own", async () => {
    expect(await passed(as(user), 8)).toBe(LIMIT);
    expect(await passed(as(user), 8, { payload: 1 })).toBe(8);
    expect(edge.sent).toHaveLength(8);
    const most = HERE.forward.limit;
    const left = most - 8;
    expect(await passed(as(user), left, { forward: true, dry_run: true })).toBe(left);
    expect(await passed(as(user), 1, { payload: 1 })).toBe(0);
    expect(edge.sent).toHaveLength(8);
    expect(await passed(as(service), 1, { payload: 1 })).toBe(1);
  });

  test("in this router's share, as the signs of the others tell it", async () => {
    const { signs } = await Cells.nearest(world, { at, k: 1, qualifies: () => true });
    const busy = { ...signs, routes_per_s: 40, routers: 4 };
    const router = routerOf(world);
    const wide: Ctx = { ...as(anyone), config: { ...world.config, ROUTE_LIMIT_PER_MINUTE: 100 } };
    const request = { ...asked, priority: "normal", explain: false, dry_run: false } as const;
    let count = 0;
    const ask = () => {
      for (; count < 100; count++) countRequest(wide, router, busy, request);
    };
    expect(ask).toThrow(LimitExceeded);
    // Four routers, none of which knows its own share yet: each of ours stands for four.
    expect(count).toBe(25);
  });

  test("and what is refused leaves no record, and says when to come again", async () => {
    const handler = makeRouting(() => world);
    const sent = { body: JSON.stringify(asked) };
    for (let at = 0; at < LIMIT; at++) expect((await call(handler, sent)).status).toBe(200);
    const before = await items(REQUESTS);
    now += 20_000;
    const refused = await call(handler, sent);
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      "content-type": "application/problem+json",
      "retry-after": "40",
      "ratelimit-limit": String(LIMIT),
      "ratelimit-remaining": "0",
      "ratelimit-reset": "40",
      "ratelimit-policy": `${LIMIT};w=60`,
    });
    expect(refused.body).toMatchObject({ status: 429, title: "Too Many Requests" });
    expect(await items(REQUESTS)).toBe(before);
    const key = await serviceKey(world, ["route"]);
    expect((await call(handler, { ...sent, headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
  });
});
