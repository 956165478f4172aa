import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Unavailable } from "../../core/errors.ts";
import { Requests } from "../../core/requests/index.ts";
import { REQUEST_HOURS, REQUESTS } from "../../core/requests/items.ts";
import { Routing } from "../../core/routing/index.ts";
import type { TableSpec } from "../../core/store/index.ts";
import { member, observeAll, Truth } from "../cells/fleet.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edge, startEdge } from "./edges.ts";

const at = { lat: 47.3769, lng: 8.5417 };
const HOUR = 3_600_000;

let world: TestWorld;
let ctx: Ctx;
let edge: Edge;
let answer: { type: string; body: string };
let puts: { lose: number; sent: number };

beforeAll(async () => {
  world = await openTestWorld();
  edge = await startEdge((response) => response.setHeader("content-type", answer.type).end(answer.body));
  const truth = new Truth();
  await truth.tell(world, truth.put(member("only", at.lat, at.lng, { endpoint: edge.endpoint })));
  await observeAll(world, 1, world.now());
  loseAnswers(world);
});
afterAll(async () => {
  await edge.close();
  await world.close();
});
/** Lets puts of requests arrive and loses their answers on the way, as often as a test asks for. */
function loseAnswers({ store }: TestWorld): void {
  const { requestHandler } = store.client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request, options) => {
    const answered = await handle(request, options);
    const isPut = String(request.headers["x-amz-target"]).endsWith(".PutItem");
    const sent = new TextDecoder().decode(request.body as Uint8Array);
    if (!isPut || !sent.includes(`"${store.table(REQUESTS)}"`)) return answered;
    puts.sent++;
    if (puts.lose-- > 0) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    return answered;
  };
}

beforeEach(() => {
  ctx = adminCtx(world);
  answer = { type: "application/json", body: "{}" };
  puts = { lose: 0, sent: 0 };
});

async function recorded(requestId: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await world.store.doc.send(
    new ScanCommand({ TableName: world.store.table(REQUESTS) }),
  );
  return Items.filter((item) => item.request_id === requestId);
}

test("a put whose answer was lost is repeated by the SDK and stands once", async () => {
  puts.lose = 2;
  const routed = await Routing.route(ctx, { request_id: "lost", coordinates: at });
  expect(puts.sent).toBe(3);
  expect((await recorded("lost")).map((item) => item.id)).toEqual([routed.id]);
});

test("what is routed costs one write unit, its place in the listing included", async () => {
  const counted = await openTestWorld();
  const truth = new Truth();
  await truth.tell(counted, truth.put(member("only", at.lat, at.lng, { endpoint: edge.endpoint })));
  await observeAll(counted, 1, counted.now());
  const writes: { table: string; units: number }[] = [];
  counted.store.doc.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as { TableName?: string; ReturnConsumedCapacity?: string };
      input.ReturnConsumedCapacity = "INDEXES";
      const result = await next(args);
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits: number } };
      const isPut = (context as { commandName?: string }).commandName === "PutItemCommand";
      if (isPut) writes.push({ table: input.TableName!, units: ConsumedCapacity!.CapacityUnits });
      return result;
    },
    { step: "initialize", priority: "low" },
  );
  const ctx = adminCtx(counted);
  const ids: unknown[] = [];
  for (const payload of [undefined, { note: "x".repeat(300) }]) {
    const routed = await Routing.route(ctx, {
      request_id: `costs-${ids.length}`,
      coordinates: at,
      metadata: { shop: "7" },
      client_info: { client_id: "phone-7", app: "shop" },
      payload,
    });
    ids.unshift(routed.id);
  }
  const units = (spec: TableSpec) =>
    writes.filter(({ table }) => table === counted.store.table(spec)).map((write) => write.units);
  expect(units(REQUESTS)).toEqual([1, 1]);
  // Once an hour for each process.
  expect(units(REQUEST_HOURS).length).toBeLessThanOrEqual(2);
  const { items } = await Requests.list(ctx, {});
  expect(items.map(({ id }) => id)).toEqual(ids);
  await counted.close();
});

test("a request that takes past the hour is in the hour that it came in, and found by both", async () => {
  const edgeOfHour = Math.floor(Date.now() / HOUR) * HOUR;
  let now = edgeOfHour - 5;
  const slow = await openTestWorld({ now: () => now });
  const late = await startEdge((response) => {
    now = edgeOfHour + 3000;
    response.setHeader("content-type", "application/json").end("{}");
  });
  const truth = new Truth();
  await truth.tell(slow, truth.put(member("only", at.lat, at.lng, { endpoint: late.endpoint })));
  await observeAll(slow, 1, now);
  const ctx = adminCtx(slow);
  const { id } = await Routing.route(ctx, { request_id: "across", coordinates: at, payload: 1 });
  const made = new Date(edgeOfHour + 3000).toISOString();
  expect(await Requests.get(ctx, { id: id! })).toMatchObject({ id, created_at: made });
  const hour = new Date(edgeOfHour - 5).toISOString().slice(0, 13);
  for (const [spec, key] of [
    [REQUESTS, { hour_shard: expect.stringMatching(`^${hour}#`), id }],
    [REQUEST_HOURS, { hour }],
  ] as const) {
    const { Items } = await slow.store.doc.send(new ScanCommand({ TableName: slow.store.table(spec) }));
    expect(Items).toEqual([expect.objectContaining(key)]);
  }
  for (const given of [{}, { since: made }, { since: made, until: made }]) {
    expect((await Requests.list(ctx, given)).items).toMatchObject([{ id }]);
  }
  const before = new Date(edgeOfHour + 2999).toISOString();
  expect((await Requests.list(ctx, { until: before })).items).toEqual([]);
  await late.close();
  await slow.close();
});

test("a store that takes nothing is a 503 without a code, and no node was promised", async () => {
  puts.lose = Number.POSITIVE_INFINITY;
  const failed = await Routing.route(ctx, { request_id: "down", coordinates: at }).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(Unavailable);
  expect((failed as Unavailable).code).toBeUndefined();
});

const numbers = (one: string, bytes: number) =>
  `[${one}${`,${one}`.repeat(Math.floor(bytes / (one.length + 1)))}]`;
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

test.each([
  ["numbers that DynamoDB has not", "[1e300,1e-300,12345678901234567890123456789012345678901234567890,0.1]"],
  ["numbers that are longer written out", numbers("1e20", 250_000)],
  ["as many numbers as fit", numbers("1", 250_000)],
  ["thirty levels", nested(30)],
  ["keys of all kinds", '{"":1,"constructor":2,"toString":3,"#":4,"a.b":5}'],
])("a payload with %s is forwarded and recorded", async (what, payload) => {
  const routed = await Routing.route(ctx, {
    request_id: what,
    coordinates: at,
    payload: JSON.parse(payload),
  });
  expect(routed.response_data).toEqual({});
  expect((edge.sent.at(-1)!.body as { payload: unknown }).payload).toEqual(JSON.parse(payload));
  const [item] = await recorded(what);
  const kept = JSON.parse(item!.request_data as string);
  if (payload.length < 200) expect(kept.payload).toEqual(JSON.parse(payload));
  else expect(kept.payload ?? kept.omitted_bytes).toBeTruthy();
});

test.each([
  ["as large as it may be", "application/json", numbers("1", 250_000), true],
  ["in text", "text/plain", "fine", true],
  ["of nothing", "application/json", "", true],
  ["with numbers that no machine has", "application/json", "[1e999]", true],
  ["named after an object's own", "application/json", '{"__proto__":{"a":1},"constructor":2}', true],
  ["ten thousand levels deep", "application/json", nested(10_000), false],
  ["that is no JSON", "application/problem+json", "{", false],
])("an answer %s", async (what, type, body, isTaken) => {
  answer = { type, body };
  const routed = await Routing.route(ctx, { request_id: what, coordinates: at, payload: 1 }).catch(
    (error: unknown) => error,
  );
  const [item] = await recorded(what);
  expect(item!.status).toBe(isTaken ? "completed" : "failed");
  expect(routed instanceof Error).toBe(!isTaken);
  if (isTaken) expect(() => JSON.stringify(routed)).not.toThrow();
  expect(({} as { a?: unknown }).a).toBeUndefined();
});

test("a payload and an answer that together find no room: the payload stays", async () => {
  answer = { type: "application/json", body: numbers("1", 250_000) };
  await Routing.route(ctx, { request_id: "both", coordinates: at, payload: "x".repeat(200_000) });
  const [item] = await recorded("both");
  expect((item!.request_data as string).length).toBeGreaterThan(200_000);
  expect(JSON.parse(item!.response_data as string)).toEqual({
    omitted_bytes: Buffer.byteLength(answer.body),
  });
});

test("what was asked to be dry leaves nothing behind: no item, no call, no send counted", async () => {
  const before = edge.sent.length;
  const query = { request_id: "dry", coordinates: at, payload: 1, dry_run: true };
  const first = await Routing.route(ctx, query);
  const second = await Routing.route(ctx, query);
  expect(second.routed_to.load_score).toBe(first.routed_to.load_score);
  expect(edge.sent.length).toBe(before);
  expect(await recorded("dry")).toEqual([]);
});

test("every strategy routes, and its score is the sum of its terms", async () => {
  const { STRATEGIES } = await import("../../core/selection/index.ts");
  for (const strategy of STRATEGIES) {
    const told = await Routing.route(ctx, { request_id: strategy, coordinates: at, strategy, explain: true });
    expect(told.strategy).toBe(strategy);
    const [one] = told.considered!;
    const sum = Object.values(one!.terms!).reduce((all, term) => all + term, 0);
    expect(sum).toBeCloseTo(one!.score!, 4);
    expect(told.routed_to.score).toBe(one!.score);
  }
  expect((await Cells.nearest(world, { at, k: 1, qualifies: () => true })).found).toHaveLength(1);
});
