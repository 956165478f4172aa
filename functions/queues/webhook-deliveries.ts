import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { parseOrThrow } from "../../core/verb.ts";
import { delivery, type PutOff, Webhooks } from "../../core/webhooks/index.ts";
import { openSealer } from "../sealed.ts";
import { openWorld } from "../world.ts";
import { webhooksPutOff } from "./from-config.ts";

/** Gives a message back to its queue. */
class Again extends Error {}

/** The worker of the webhooks' queue: one attempt at each delivery. What failed is put off and given back, and nothing else is. */
export function makeWebhookDeliveries(
  open: () => World,
  putOffOf: (world: World) => PutOff,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  let opened: { world: World; putOff: PutOff } | undefined;
  return async (event) => {
    if (!opened) {
      const world = open();
      opened = { world, putOff: putOffOf(world) };
    }
    const { world, putOff } = opened;
    const outcomes: Parameters<typeof Webhooks.note>[1][number][] = [];
    const processor = new BatchProcessor(EventType.SQS);
    const answer = await processPartialResponse(event, carryOut, processor, {
      throwOnFullBatchFailure: false,
    });
    await Webhooks.note(world, outcomes);
    return answer;

    async function carryOut(record: SQSRecord): Promise<void> {
      try {
        const given = parseOrThrow(delivery, JSON.parse(record.body), "The delivery");
        const { again, outcome } = await Webhooks.deliver(world, given, {
          attempt: Number(record.attributes.ApproximateReceiveCount),
          sentAt: Number(record.attributes.SentTimestamp),
        });
        if (outcome) outcomes.push({ webhook_id: given.webhook_id, outcome });
        if (!again) return;
        await putOff(record.receiptHandle, again.waitS);
        throw new Again();
      } catch (error) {
        // Where even putting off failed, the message comes again when the queue's own time is over.
        if (!(error instanceof Again))
          world.log.error("A delivery could not be tried", { message_id: record.messageId, error });
        throw error;
      }
    }
  };
}

export const handler = makeWebhookDeliveries(
  () => openWorld("webhook-deliveries", openSealer),
  webhooksPutOff,
);
