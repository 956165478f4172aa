import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SweepOrder, SweepQueue } from "../../core/watching/index.ts";

/** What SQS takes in one call. */
const BATCH = 10;
const CALLS_AT_ONCE = 8;

/** The health queue on AWS. @throws Error when SQS refuses an order: the trigger is then tried again, and repeats are harmless. */
export function sqsQueue(url: string, client: SQSClient = openClient()): SweepQueue {
  async function sendBatch(orders: readonly SweepOrder[], delayS: number): Promise<void> {
    const { Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: orders.map((order, i) => ({
          Id: String(i),
          MessageBody: JSON.stringify(order),
          DelaySeconds: delayS,
        })),
      }),
    );
    if (Failed?.length)
      throw new Error(`SQS refused ${Failed.length} of ${orders.length} orders: ${Failed[0]?.Code}.`);
  }
  return {
    async send(orders, delayS) {
      for (let start = 0; start < orders.length; start += BATCH * CALLS_AT_ONCE) {
        const round = orders.slice(start, start + BATCH * CALLS_AT_ONCE);
        const batches = Array.from({ length: Math.ceil(round.length / BATCH) }, (_, i) =>
          round.slice(i * BATCH, (i + 1) * BATCH),
        );
        await Promise.all(batches.map((batch) => sendBatch(batch, delayS)));
      }
    },
  };
}

function openClient(): SQSClient {
  return new SQSClient({ maxAttempts: 4, requestHandler: { connectionTimeout: 1000, requestTimeout: 5000 } });
}
