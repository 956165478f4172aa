import type { SQSEvent, SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Delivery } from "../../core/webhooks/index.ts";
import { makeWebhookDeliveries } from "../../functions/queues/webhook-deliveries.ts";
import { type Receiver, startReceiver } from "../../scripts/webhook-receiver.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { register } from "./rig.ts";

let world: TestWorld;
let receiver: Receiver;
let webhookId: string;
let failing: ReadonlySet<string>;
let putOffs: [string, number][];

beforeAll(async () => {
  world = await openTestWorld({ random: () => 0.5 });
  const secrets: string[] = [];
  receiver = await startReceiver({
    port: 0,
    secrets: () => secrets,
    reply: ({ id }) => ({ status: failing.has(id) ? 500 : 204 }),
  });
  const webhook = await register(world, receiver.url);
  secrets.push(webhook.secret);
  webhookId = webhook.id;
});
afterAll(async () => {
  await receiver.close();
  await world.close();
});
beforeEach(() => {
  putOffs = [];
  failing = new Set();
});

const worker = (given: TestWorld = world, fails = false) =>
  makeWebhookDeliveries(
    () => given,
    () => async (receipt, seconds) => {
      if (fails) throw new Error("SQS is out of reach");
      putOffs.push([receipt, seconds]);
    },
  );

const at = new Date().toISOString();
const deliveryOf = (id: string): Delivery => ({
  webhook_id: webhookId,
  event: { type: "node_updated", id, at, data: {} },
});

function eventOf(bodies: readonly string[], attempt = 1): SQSEvent {
  const Records = bodies.map(
    (body, n): SQSRecord => ({
      messageId: `m-${n}`,
      receiptHandle: `r-${n}`,
      body,
      attributes: {
        ApproximateReceiveCount: String(attempt),
        SentTimestamp: String(Date.now()),
        SenderId: "test",
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "",
      awsRegion: "local",
    }),
  );
  return { Records };
}

test("every failing subset of a batch of eight is given back exactly, and put off", async () => {
  const handler = worker();
  const ids = Array.from({ length: 8 }, (_, n) => `e-${n}`);
  const event = eventOf(ids.map((id) => JSON.stringify(deliveryOf(id))));
  for (let subset = 0; subset < 256; subset++) {
    putOffs = [];
    const numbers = ids.map((_, n) => n).filter((n) => subset & (1 << n));
    failing = new Set(numbers.map((n) => ids[n]!));
    const answer = await handler(event);
    const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(failed.sort(), `subset ${subset}`).toEqual(numbers.map((n) => `m-${n}`));
    expect(new Map(putOffs), `subset ${subset}`).toEqual(new Map(numbers.map((n) => [`r-${n}`, 5])));
    expect(putOffs).toHaveLength(numbers.length);
  }
  expect(receiver.received).toHaveLength(256 * 8);
});

test("how long a message is put off follows from how often it came", async () => {
  failing = new Set(["e-1"]);
  for (const [attempt, wait] of [
    [2, 30],
    [7, 7200],
    [10, 0],
    [11, 0],
  ] as const) {
    putOffs = [];
    await worker()(eventOf([JSON.stringify(deliveryOf("e-1"))], attempt));
    expect(putOffs).toEqual([["r-0", wait]]);
  }
});

test("what can't be read is given back alone, for the dead letters", async () => {
  const bad = [
    "{",
    "null",
    "{}",
    JSON.stringify({ webhook_id: webhookId }),
    JSON.stringify({ webhook_id: webhookId, event: { type: "nope", id: "1", at, data: {} } }),
  ];
  const before = receiver.received.length;
  const { batchItemFailures } = await worker()(eventOf([...bad, JSON.stringify(deliveryOf("e-good"))]));
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(bad.map((_, n) => `m-${n}`));
  expect(putOffs).toEqual([]);
  expect(receiver.received.slice(before).map(({ id }) => id)).toEqual(["e-good"]);
});

test("a failure that can't be put off is given back all the same", async () => {
  failing = new Set(["e-1"]);
  const { batchItemFailures } = await worker(
    world,
    true,
  )(eventOf([JSON.stringify(deliveryOf("e-0")), JSON.stringify(deliveryOf("e-1"))]));
  expect(batchItemFailures).toEqual([{ itemIdentifier: "m-1" }]);
});

test("where the webhooks can't be read nothing is dropped: the whole batch is given back", async () => {
  const lost = coldWorld({
    ...world,
    store: { ...world.store, table: () => "no-such-table" },
  });
  const before = receiver.received.length;
  const answer = await worker(lost)(
    eventOf([deliveryOf("e-0"), deliveryOf("e-1")].map((d) => JSON.stringify(d))),
  );
  expect(answer.batchItemFailures).toHaveLength(2);
  expect(receiver.received).toHaveLength(before);
});
