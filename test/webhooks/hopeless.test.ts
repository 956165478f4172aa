import { afterAll, beforeAll, expect, test } from "vitest";
import { Webhooks } from "../../core/webhooks/index.ts";
import { makeWebhookEvents } from "../../functions/streams/webhook-events.ts";
import { type Receiver, startReceiver } from "../../scripts/webhook-receiver.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type HurriedQueue, happen, openDeliveries, register } from "./rig.ts";

const HOUR = 3_600_000;
let world: TestWorld;
let queue: HurriedQueue;
let receiver: Receiver;
const began = Date.now();
let clock = began;

beforeAll(async () => {
  world = await openTestWorld({ now: () => clock });
  queue = openDeliveries(world, 0);
  // It knows no secret, so that it refuses everything.
  receiver = await startReceiver({ port: 0, secrets: () => [] });
});
afterAll(async () => {
  await queue.close();
  await receiver.close();
  await world.close();
});

test("W6: a webhook to which nothing got through for three days is switched off, and says since when", async () => {
  const { id } = await register(world, receiver.url);
  const stream = makeWebhookEvents(
    () => world,
    () => queue,
  );
  let hours = 0;
  for (let active = true; active && hours < 90; hours += 3) {
    clock = began + hours * HOUR;
    await stream(await happen(world, [{}]));
    await queue.empty();
    ({ active } = await Webhooks.get(adminCtx(world), { id }));
  }
  expect(hours - 3).toBe(72);
  const { disabled_reason } = await Webhooks.get(adminCtx(world), { id });
  const since = new Date(began).toISOString();
  expect(disabled_reason).toMatch(
    new RegExp(`^Nothing got through since ${since}, in \\d{3} attempts or more. The last: .* status 401.$`),
  );
  const { length } = receiver.received;
  await stream(await happen(world, [{}]));
  await queue.empty();
  expect(receiver.received).toHaveLength(length);
}, 30_000);
