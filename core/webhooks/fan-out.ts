import type { World } from "../ctx.ts";
import type { Fact, LogEntry } from "../events/index.ts";
import { wants } from "../realtime/matching.ts";
import { readRoster } from "./items.ts";
import type { Delivery, DeliveryQueue } from "./queue.ts";
import type { WebhookRecord } from "./record.ts";

/**
 * Puts what new entries of the log mean to webhooks on the queue: a delivery for each fact and each webhook that asks for it (SPEC W1).
 * Called again with the same entries it sends the same deliveries. Entries without facts, and a world without webhooks, cost no message.
 *
 * @returns how many were sent
 * @throws what the queue throws; some may be sent by then, and calling again is right
 */
export async function fanOut(
  world: World,
  queue: DeliveryQueue,
  entries: readonly LogEntry[],
): Promise<number> {
  if (!entries.some(({ facts }) => facts.length > 0)) return 0;
  // Read anew each time: a webhook that was made a moment ago misses nothing.
  const { held } = await readRoster(world.store);
  const active = [...held.values()].map(({ webhook }) => webhook).filter((webhook) => webhook.active);
  if (active.length === 0) return 0;
  const deliveries = entries.flatMap((entry) => entry.facts.flatMap((fact) => deliveriesOf(entry, fact)));
  if (deliveries.length > 0) await queue.send(deliveries);
  return deliveries.length;

  function deliveriesOf(entry: LogEntry, fact: Fact): Delivery[] {
    const { type, id, at, data } = fact;
    return active
      .filter((webhook) => hasBegun(webhook, entry, fact) && wants(webhook, fact))
      .map((webhook) => ({ webhook_id: webhook.id, event: { type, id, at, data } }));
  }
}

/** Whether a fact is from a webhook's time. Of a deletion the second alone is known, so seconds are compared. */
function hasBegun({ active_since }: WebhookRecord, entry: LogEntry, fact: Fact): boolean {
  const second = Math.floor(active_since / 1000) * 1000;
  return entry.at >= active_since && Date.parse(fact.at) >= second;
}
