import type { World } from "../../core/ctx.ts";
import type { SweepQueue } from "../../core/watching/index.ts";
import type { Delivery, DeliveryQueue, PutOff } from "../../core/webhooks/index.ts";
import { sqsQueue } from "./sqs.ts";
import { sqsPutOff } from "./sqs-put-off.ts";

/** The health queue that a deployed function is given. @throws Error when the stack gave it none. */
export function healthQueue({ config }: World): SweepQueue {
  return sqsQueue(given("ARX_HEALTH_QUEUE_URL", config.ARX_HEALTH_QUEUE_URL));
}

/** The queue of deliveries that a deployed function is given. @throws Error when the stack gave it none. */
export function webhooksQueue({ config }: World): DeliveryQueue {
  // A receiver that takes its ten seconds, or has a flood of events, keeps no other waiting.
  return sqsQueue<Delivery>(given("ARX_WEBHOOKS_QUEUE_URL", config.ARX_WEBHOOKS_QUEUE_URL), {
    groupOf: ({ webhook_id }) => webhook_id,
  });
}

/** Puts off what came from the queue of deliveries. @throws Error when the stack gave it none. */
export function webhooksPutOff({ config }: World): PutOff {
  return sqsPutOff(given("ARX_WEBHOOKS_QUEUE_URL", config.ARX_WEBHOOKS_QUEUE_URL));
}

function given(name: string, url: string | undefined): string {
  if (!url) throw new Error(`${name} is not set.`);
  return url;
}
