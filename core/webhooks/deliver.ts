import type { World } from "../ctx.ts";
import { attempt, type Outcome } from "./attempt.ts";
import { ATTEMPTS, waitS } from "./backoff.ts";
import type { Delivery } from "./queue.ts";
import { activeWebhook } from "./roster.ts";
import { switchOff } from "./switch-off.ts";

const GONE = 410;

/** What the queue told of a message. */
export interface Receipt {
  /** How often it was handed over, this time included. */
  readonly attempt: number;
  /** When it was put on the queue; milliseconds since the epoch. */
  readonly sentAt: number;
}

/** What is to become of a message: it is done with, or comes again after `waitS` seconds. */
export interface Delivered {
  readonly again: { readonly waitS: number } | null;
  /** What the receiver made of it; null when nothing was sent. */
  readonly outcome: Outcome | null;
}

const DROPPED: Delivered = { again: null, outcome: null };

/**
 * Makes one attempt at a delivery (SPEC W4–W7).
 *
 * @throws Unavailable when the webhook can't be read, or its secrets can't be opened.
 */
export async function deliver(world: World, delivery: Delivery, receipt: Receipt): Promise<Delivered> {
  const { webhook_id, event } = delivery;
  const told = { webhook_id, event_id: event.id, attempt: receipt.attempt };
  const held = await activeWebhook(world, webhook_id, receipt.sentAt);
  if (!held) {
    world.log.info("A delivery was dropped: its webhook is gone or switched off", told);
    return DROPPED;
  }
  const outcome = await attempt(world, held.webhook, event);
  if (outcome.ok) return { again: null, outcome };
  if (outcome.status === GONE) {
    const isOff = await switchOff(world, held.webhook, "The receiver answered 410: it wants no more events.");
    if (isOff) return { again: null, outcome };
  }
  const wait = waitS(receipt.attempt, outcome.retry_after_s, world.random());
  const { reason } = outcome;
  if (receipt.attempt >= ATTEMPTS) world.log.error("A delivery failed for good", { ...told, reason });
  else world.log.warn("A delivery failed", { ...told, reason, wait_s: wait });
  return { again: { waitS: wait }, outcome };
}
