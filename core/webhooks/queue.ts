import * as z from "zod/mini";
import { EVENT_TYPES } from "../events/index.ts";

/** One event for one webhook. */
export const delivery = z.object({
  webhook_id: z.string(),
  event: z.object({
    type: z.enum(EVENT_TYPES),
    id: z.string(),
    at: z.string(),
    data: z.record(z.string(), z.unknown()),
  }),
});
export type Delivery = z.output<typeof delivery>;

/** Where deliveries wait for those who make them. SQS on AWS, a queue in the process locally. */
export interface DeliveryQueue {
  send(deliveries: readonly Delivery[]): Promise<void>;
}

/** Puts a message that was received off by so many seconds (12 h at most), by the receipt it came with. */
export type PutOff = (receipt: string, seconds: number) => Promise<void>;
