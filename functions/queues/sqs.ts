import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";

/** What SQS takes in one call. */
const BATCH = 10;
const CALLS_AT_ONCE = 8;

/** A queue on AWS, as those see it who send. */
export interface Sender<Message> {
  /**
   * @param delayS seconds before anybody sees them; none unless said
   * @throws Error when SQS refuses a message. The trigger is then tried again, and repeats are harmless.
   */
  send(messages: readonly Message[], delayS?: number): Promise<void>;
}

/** Sends to a queue on AWS, in its largest batches. */
export function sqsQueue<Message>(url: string, client: SQSClient = openSqs()): Sender<Message> {
  async function sendBatch(messages: readonly Message[], delayS: number): Promise<void> {
    const { Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: messages.map((message, i) => ({
          Id: String(i),
          MessageBody: JSON.stringify(message),
          DelaySeconds: delayS,
        })),
      }),
    );
    if (Failed?.length)
      throw new Error(`SQS refused ${Failed.length} of ${messages.length} messages: ${Failed[0]?.Code}.`);
  }
  return {
    async send(messages, delayS = 0) {
      for (let start = 0; start < messages.length; start += BATCH * CALLS_AT_ONCE) {
        const round = messages.slice(start, start + BATCH * CALLS_AT_ONCE);
        const batches = Array.from({ length: Math.ceil(round.length / BATCH) }, (_, i) =>
          round.slice(i * BATCH, (i + 1) * BATCH),
        );
        await Promise.all(batches.map((batch) => sendBatch(batch, delayS)));
      }
    },
  };
}

export function openSqs(): SQSClient {
  return new SQSClient({ maxAttempts: 4, requestHandler: { connectionTimeout: 1000, requestTimeout: 5000 } });
}
