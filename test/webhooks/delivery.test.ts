import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Delivery, Webhooks } from "../../core/webhooks/index.ts";
import { readRoster } from "../../core/webhooks/items.ts";
import { makeWebhookEvents } from "../../functions/streams/webhook-events.ts";
import { type Received, type Receiver, type Reply, startReceiver } from "../../scripts/webhook-receiver.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { type HurriedQueue, happen, managing, openDeliveries, register } from "./rig.ts";

let world: TestWorld;
let queue: HurriedQueue;
let receiver: Receiver;
let secrets: string[];
let reply: (received: Received) => Reply;
let clock: number;

beforeAll(async () => {
  clock = Date.now();
  world = await openTestWorld({ now: () => clock, random: () => 0.5 });
});
afterAll(() => world.close());
beforeEach(async () => {
  clock = Date.now();
  world.memory.clear();
  secrets = [];
  reply = () => ({ status: 204 });
  queue = openDeliveries(world);
  receiver = await startReceiver({ port: 0, secrets: () => secrets, reply: (one) => reply(one) });
});
afterEach(async () => {
  await queue.close();
  await receiver.close();
  const ctx = managing(world);
  for (const { id } of (await Webhooks.list(ctx, {})).items) await Webhooks.remove(ctx, { id });
});

const stream = () =>
  makeWebhookEvents(
    () => world,
    () => queue,
  );
const refused = (status: number) => () => ({ status });

async function registered(given: Parameters<typeof register>[2] = {}) {
  const webhook = await register(world, receiver.url, given);
  secrets.push(webhook.secret);
  return webhook;
}

test("W2, W3: each fact is posted once, signed, as the event that it is", async () => {
  await registered();
  const event = await happen(world, [
    { type: "node_registered", data: { id: "zürich-1", note: "\u2028 😀" }, place: "u0qj8z4kd" },
    { type: "route_request", data: { request_id: "r-1" } },
  ]);
  expect(await stream()(event)).toEqual({ batchItemFailures: [] });
  await queue.empty();
  expect(receiver.received.map(({ refusal }) => refusal)).toEqual([null, null]);
  const [first] = receiver.received.filter((one) => one.event?.type === "node_registered");
  const body = JSON.parse(first!.body) as Record<string, unknown>;
  expect(Object.keys(body)).toEqual(["type", "id", "at", "data"]);
  expect(body).toMatchObject({ id: first!.id, data: { id: "zürich-1", note: "\u2028 😀" } });
  expect(first!.headers).toMatchObject({
    "content-type": "application/json",
    "user-agent": `Arx/${world.config.ARX_VERSION} (webhooks)`,
    "webhook-id": body.id,
  });
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2);
  expect(queue.dead).toEqual([]);
});

test("W2: the same batch of the stream again has the same webhook-ids and bodies", async () => {
  await registered();
  const event = await happen(world, [{}, {}, {}]);
  await stream()(event);
  await stream()(event);
  await queue.empty();
  const byId = Map.groupBy(receiver.received, ({ id }) => id);
  expect([...byId.values()].map(({ length }) => length)).toEqual([2, 2, 2]);
  for (const repeats of byId.values()) expect(new Set(repeats.map(({ body }) => body)).size).toBe(1);
});

test("W5: a receiver that fails four times gets the same delivery until it takes it, ever later", async () => {
  const { id } = await registered();
  reply = ({ attempt }) => ({ status: attempt <= 4 ? 503 : 200 });
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received.map(({ status }) => status)).toEqual([503, 503, 503, 503, 200]);
  expect(new Set(receiver.received.map((one) => `${one.id} ${one.body}`)).size).toBe(1);
  expect(queue.waits).toEqual([5, 30, 120, 600]);
  expect(queue.dead).toEqual([]);
  const { deliveries } = await Webhooks.get(managing(world), { id });
  expect(deliveries).toMatchObject({
    consecutive_failures: 0,
    failing_since: null,
    last_failure: "The receiver answered with status 503.",
    last_success_at: new Date(clock).toISOString(),
  });
});

test("W5: a receiver that never takes it leaves it whole in the dead letters, after ten attempts", async () => {
  const { id } = await registered();
  reply = refused(500);
  await stream()(await happen(world, [{ data: { id: "n-9", name: "lost" } }]));
  await queue.empty();
  expect(receiver.received).toHaveLength(10);
  expect(queue.waits).toEqual([5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 0]);
  const event = JSON.parse(receiver.received[0]!.body) as Record<string, unknown>;
  expect(event.data).toEqual({ id: "n-9", name: "lost" });
  expect(queue.dead).toEqual([{ webhook_id: id, event }]);
  const { active, deliveries } = await Webhooks.get(managing(world), { id });
  expect(active).toBe(true);
  expect(deliveries).toMatchObject({ last_success_at: null, last_failure_at: new Date(clock).toISOString() });
  expect(deliveries.consecutive_failures).toBeGreaterThan(0);
});

test("W5: Retry-After is heeded, and a receiver can't ask for more than an hour", async () => {
  await registered();
  reply = ({ attempt }) =>
    attempt < 3
      ? { status: 429, headers: { "retry-after": attempt === 1 ? "77" : "86400" } }
      : { status: 202 };
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(queue.waits).toEqual([77, 3600]);
});

test("W4: a redirect is a failure and is not followed; so is an answer that is too long", async () => {
  const { id } = await registered();
  const elsewhere = receiver.url.replace("/hook", "/elsewhere");
  reply = ({ attempt }) => {
    if (attempt === 1) return { status: 308, headers: { location: elsewhere } };
    return attempt === 2 ? { status: 200, body: "x".repeat(65 * 1024) } : { status: 200, body: "ok" };
  };
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(3);
  expect(queue.waits).toEqual([5, 30]);
  const { deliveries } = await Webhooks.get(managing(world), { id });
  expect(deliveries.last_failure).toMatch(/more than 65536 bytes/);
});

test("W4: nobody there is a failure like another", async () => {
  const { id } = await registered();
  await receiver.close();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(queue.dead).toHaveLength(1);
  expect((await Webhooks.get(managing(world), { id })).deliveries.last_failure).toMatch(/^No connection to /);
});

test("W6: 410 switches a webhook off and says so; what waits is dropped, and switching on begins anew", async () => {
  const { id } = await registered();
  reply = refused(410);
  await stream()(await happen(world, [{}]));
  await queue.empty();
  const off = await Webhooks.get(managing(world), { id });
  expect(off).toMatchObject({
    active: false,
    disabled_reason: "The receiver answered 410: it wants no more events.",
    revision: 2,
  });
  const missed = await happen(world, [{}]);
  await stream()(missed);
  await queue.empty();
  expect(receiver.received).toHaveLength(1);
  expect(queue.dead).toEqual([]);

  clock += 1000;
  reply = refused(200);
  const on = await Webhooks.update(managing(world), { id, active: true });
  expect(on).toMatchObject({ active: true, disabled_reason: null, deliveries: { consecutive_failures: 0 } });
  await stream()(missed);
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(2);
});

test("W7: what waits for a webhook that is deleted, or switched off, meanwhile is dropped", async () => {
  const waiting: Delivery[] = [];
  const held = makeWebhookEvents(
    () => world,
    () => ({ send: async (deliveries) => void waiting.push(...deliveries) }),
  );
  const { id } = await registered();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  await held(await happen(world, [{}]));
  clock += 1;
  const other = await registered();
  await held(await happen(world, [{}]));
  expect(waiting.map(({ webhook_id }) => webhook_id)).toEqual([id, id, other.id]);
  await Webhooks.remove(managing(world), { id });
  await Webhooks.update(managing(world), { id: other.id, active: false });
  world.memory.clear();
  await queue.send(waiting);
  await queue.empty();
  expect(receiver.received).toHaveLength(1);
  expect(queue.dead).toEqual([]);
});

test("W7: a webhook that was made, or switched on, after the last reading is found all the same", async () => {
  const early = await registered();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  clock += 1;
  const late = await registered();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(3);
  await Webhooks.update(managing(world), { id: early.id, active: false });
  await Webhooks.remove(managing(world), { id: late.id });
  world.memory.clear();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(3);
  await Webhooks.update(managing(world), { id: early.id, active: true });
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(4);
});

test("W8: after a rotation a receiver with either secret takes it; with the old one ended it does not", async () => {
  const { id, secret } = await registered();
  const { secret: next, previous_secrets_until } = await Webhooks.rotateSecret(managing(world), { id });
  expect(previous_secrets_until).toBe(new Date(clock + 86_400_000).toISOString());
  for (const held of [secret, next]) {
    secrets = [held];
    await stream()(await happen(world, [{}]));
    await queue.empty();
  }
  expect(receiver.received.map(({ refusal }) => refusal)).toEqual([null, null]);
  await Webhooks.rotateSecret(managing(world), { id, overlap_s: 0 });
  world.memory.clear();
  await stream()(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received.at(-1)!.refusal).toBe("No matching signature found");
  expect(queue.dead).toHaveLength(1);
});

test("a signature of another secret is refused by the library, and the delivery tried again", async () => {
  const { secret } = await registered();
  secrets = [`whsec_${Buffer.alloc(32, 7).toString("base64")}`];
  await stream()(await happen(world, [{}]));
  while (receiver.received.length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
  secrets = [secret];
  await queue.empty();
  expect(receiver.received.map(({ status, refusal }) => [status, refusal])).toEqual([
    [401, "No matching signature found"],
    [204, null],
  ]);
});

test("W9: a burst of a hundred deliveries writes its webhook's standing a few times", async () => {
  const { id } = await registered();
  await stream()(
    await happen(
      world,
      Array.from({ length: 100 }, () => ({})),
    ),
  );
  await queue.empty();
  expect(receiver.received).toHaveLength(100);
  const { version } = (await readRoster(world.store)).held.get(id)!.standing;
  expect(version).toBeGreaterThan(1);
  expect(version).toBeLessThanOrEqual(4);
});
