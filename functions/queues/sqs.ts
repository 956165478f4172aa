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

export interface SqsOptions<Message> {
  readonly client?: SQSClient;
  /**
   * Whom a message is for, where some may be slow or have many: SQS's fair queues then serve the others first. Up to 128 of
   * A–Z a–z 0–9 and punctuation.
   */
  readonly groupOf?: (message: Message) => string;
}

/** Sends to a queue on AWS, in its largest batches. */
export function sqsQueue<Message>(url: string, options: SqsOptions<Message> = {}): Sender<Message> {
  const { client = openSqs(), groupOf } = options;
  async function sendBatch(messages: readonly Message[], delayS: number): Promise<void> {
    const { Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: messages.map((message, i) => ({
          Id: String(i),
          MessageBody: JSON.stringify(message),
          DelaySeconds: delayS,
          ...(groupOf ? { MessageGroupId: groupOf(message) } : {}),
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
