import type { World } from "../../core/ctx.ts";
import type { SweepQueue } from "../../core/watching/index.ts";
import { sqsQueue } from "./sqs.ts";

/** The health queue that a deployed function is given. @throws Error when the stack gave it none. */
export function healthQueue({ config }: World): SweepQueue {
  if (!config.ARX_HEALTH_QUEUE_URL) throw new Error("ARX_HEALTH_QUEUE_URL is not set.");
  return sqsQueue(config.ARX_HEALTH_QUEUE_URL);
}
