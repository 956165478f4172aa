import { afterEach, beforeEach, expect, test } from "vitest";
import { type Delivery, type DeliveryQueue, Webhooks } from "../../core/webhooks/index.ts";
import { makeWebhookEvents } from "../../functions/streams/webhook-events.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { happen, register } from "./rig.ts";

const URL_ = "https://hooks.example.com";
let world: TestWorld;
let clock: number;
let sends: Delivery[][];
let refusing: boolean;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1, 12);
  world = await openTestWorld({ now: () => clock });
  sends = [];
  refusing = false;
});
afterEach(() => world.close());

const queue: DeliveryQueue = {
  send: async (deliveries) => {
    sends.push([...deliveries]);
    if (refusing) throw new Error("SQS refused 1 of 10 messages: InternalError.");
  },
};
const stream = () =>
  makeWebhookEvents(
    () => world,
    () => queue,
  );
const sent = () =>
  sends.flat().map(({ webhook_id, event }) => `${webhook_id} ${event.type} ${String(event.data.n)}`);

test("without webhooks, or without facts, nothing is sent", async () => {
  await stream()(await happen(world, [{}]));
  expect(sends).toEqual([]);
  await register(world, URL_, { active: false });
  clock += 1;
  await register(world, URL_, { types: ["route_request"] });
  await stream()(await happen(world, [{}]));
  const ended = { Records: [{ eventName: "REMOVE" as const, dynamodb: { SequenceNumber: "1" } }] };
  await stream()(ended);
  expect(sends).toEqual([]);
});

test("W1: each webhook gets the facts of its types and its cells, and no other", async () => {
  const ids: Record<string, string> = {};
  for (const [name, given] of Object.entries({
    all: {},
    updates: { types: ["node_updated", "node_deleted"] },
    zurich: { cells: ["u0qj", "gc"] },
    zurichUpdates: { types: ["node_updated"], cells: ["u0q"] },
  } as const)) {
    clock += 1;
    ids[name] = (await register(world, URL_, given as object)).id;
  }
  await stream()(
    await happen(world, [
      { data: { n: 1 }, place: "u0qj8z4kd" },
      { data: { n: 2 }, place: "u0qk00000" },
      { data: { n: 3 } },
      { type: "route_request", data: { n: 4 }, place: "gcpvj0000" },
      { type: "node_deleted", data: { n: 5 }, place: "9q8yy0000" },
    ]),
  );
  const of = (name: string, ...facts: string[]) => facts.map((fact) => `${ids[name]} ${fact}`);
  expect(sent().sort()).toEqual(
    [
      ...of("all", "node_updated 1", "node_updated 2", "node_updated 3", "route_request 4", "node_deleted 5"),
      ...of("updates", "node_updated 1", "node_updated 2", "node_updated 3", "node_deleted 5"),
      ...of("zurich", "node_updated 1", "route_request 4"),
      ...of("zurichUpdates", "node_updated 1", "node_updated 2"),
    ].sort(),
  );
  for (const { event } of sends.flat())
    expect(Object.keys(event).sort()).toEqual(["at", "data", "id", "type"]);
});

test("W1: nothing from before a webhook was made, or switched on, and everything from then on", async () => {
  const before = await happen(world, [{ data: { n: 1 } }]);
  clock += 1500;
  const { id } = await register(world, URL_);
  const late = await happen(world, [{ data: { n: 2 }, at: clock - 1200 }]);
  const after = await happen(world, [{ data: { n: 3 } }]);
  // Of a deletion the second is known alone.
  const deleted = await happen(world, [{ type: "node_deleted", data: { n: 4 }, at: clock - 500 }]);
  for (const event of [before, late, after, deleted]) await stream()(event);
  expect(sent()).toEqual([`${id} node_updated 3`, `${id} node_deleted 4`]);

  sends = [];
  await Webhooks.update(adminCtx(world), { id, active: false });
  clock += 2000;
  const off = await happen(world, [{ data: { n: 5 } }]);
  await stream()(off);
  clock += 2000;
  await Webhooks.update(adminCtx(world), { id, active: true });
  for (const event of [off, await happen(world, [{ data: { n: 6 } }])]) await stream()(event);
  expect(sent()).toEqual([`${id} node_updated 6`]);
});

test("a webhook that another process made a moment ago misses nothing", async () => {
  const handler = stream();
  await handler(await happen(world, [{}]));
  const { id } = await register(coldWorld(world), URL_);
  await handler(await happen(world, [{ data: { n: 2 } }]));
  expect(sent()).toEqual([`${id} node_updated 2`]);
});

test("readings are never sent: what is swept is no fact", async () => {
  await register(world, URL_);
  await stream()(await happen(world, [{ data: { n: 1 } }], "g1101"));
  expect(sends.flat()).toHaveLength(1);
});

test("W2: what the queue refuses gives the whole batch back, and again it is the same deliveries", async () => {
  await register(world, URL_);
  const event = await happen(world, [{}, {}, {}]);
  refusing = true;
  await expect(stream()(event)).rejects.toThrow("SQS refused");
  refusing = false;
  await stream()(event);
  expect(sends[1]).toEqual(sends[0]);
  expect(new Set(sends[0]!.map((one) => one.event.id)).size).toBe(3);
});

test("an entry that can't be read is given back from there on; what was before it is sent", async () => {
  await register(world, URL_);
  const event = await happen(world, [{ data: { n: 1 } }, { data: { n: 2 } }, { data: { n: 3 } }]);
  const broken = structuredClone(event);
  broken.Records[1]!.dynamodb!.NewImage!.body = { B: "AAAA" } as never;
  const { SequenceNumber } = broken.Records[1]!.dynamodb!;
  expect(await stream()(broken)).toEqual({ batchItemFailures: [{ itemIdentifier: SequenceNumber }] });
  expect(sends.flat().map((one) => one.event.data.n)).toEqual([1]);
});
