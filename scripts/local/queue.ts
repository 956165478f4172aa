import { createHash, randomUUID } from "node:crypto";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Log } from "../../core/ctx.ts";
import { invoke } from "./lambda.ts";

export type QueueHandler = (
  event: SQSEvent,
  context: Context,
) => Promise<SQSBatchResponse | undefined | void>;

export interface QueueOptions {
  readonly name: string;
  readonly handler: QueueHandler;
  readonly log: Log;
  /** Messages handed over at once, 10 at most. */
  readonly batchSize?: number;
  /** Batches handled at a time. */
  readonly concurrency?: number;
  /** How long a message that was handed over stays hidden. */
  readonly visibilityMs?: number;
  /** How long the handler may take; as long as its messages are hidden unless said. */
  readonly timeoutMs?: number;
  /** How often a message is handed over before it is given up. */
  readonly maxReceives?: number;
}

export interface LocalQueue<Message> {
  /** @throws RangeError for a delay or a message that SQS would refuse. */
  send(messages: readonly Message[], delayS?: number): Promise<void>;
  /**
   * Hides a message that is in hand for so many seconds from now, whatever becomes of it, as SQS's ChangeMessageVisibility does.
   *
   * @param receipt the `receiptHandle` that it was handed over with
   * @throws RangeError for a time that SQS would refuse, Error for a message that is not in hand by this receipt
   */
  readonly putOff: (receipt: string, seconds: number) => Promise<void>;
  /** The messages given up, oldest first, whole. */
  readonly dead: readonly Message[];
  /** Messages waiting, delayed or in flight. */
  readonly size: number;
  /** Hands over nothing more and waits for what is in hand. */
  close(): Promise<void>;
}

interface Held {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  firstReceivedAt: number | undefined;
  visibleAt: number;
  receives: number;
}

const MAX_DELAY_S = 900;
const MAX_HIDDEN_S = 43_200;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * A queue in this process that treats its handler as SQS and Lambda do: at least once, in no promised order, a message hidden while it is
 * handled and seen again when the handler failed on it, given up after `maxReceives`.
 */
export function openQueue<Message>(options: QueueOptions): LocalQueue<Message> {
  const {
    name,
    handler,
    log,
    batchSize = 10,
    concurrency = 4,
    visibilityMs = 30_000,
    maxReceives = 3,
  } = options;
  const timeoutMs = options.timeoutMs ?? visibilityMs;
  if (batchSize < 1 || batchSize > 10) throw new RangeError("SQS hands over 1 to 10 messages at once.");
  const held = new Map<string, Held>();
  const dead: Message[] = [];
  const running = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function pump(): void {
    clearTimeout(timer);
    if (closed) return;
    const now = Date.now();
    while (running.size < concurrency) {
      giveUp(now);
      const batch = [...held.values()].filter((message) => message.visibleAt <= now).slice(0, batchSize);
      if (batch.length === 0) break;
      const run: Promise<void> = hand(batch, now).finally(() => {
        running.delete(run);
        pump();
      });
      running.add(run);
    }
    const next = Math.min(...[...held.values()].map((message) => message.visibleAt).filter((at) => at > now));
    if (Number.isFinite(next)) timer = setTimeout(pump, next - now);
  }

  function giveUp(now: number): void {
    for (const message of held.values()) {
      if (message.receives < maxReceives || message.visibleAt > now) continue;
      held.delete(message.id);
      dead.push(JSON.parse(message.body) as Message);
      log.error(`${name}: gave up a message after ${message.receives} tries`, { message: message.body });
    }
  }

  async function hand(batch: readonly Held[], now: number): Promise<void> {
    for (const message of batch) {
      message.receives++;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilityMs;
    }
    try {
      const answer = await invoke(
        handler,
        { Records: batch.map((one) => recordOf(name, one)) },
        name,
        timeoutMs,
      );
      const failed = failedIds(answer, batch);
      for (const { id } of batch) if (!failed.has(id)) held.delete(id);
      if (failed.size > 0) log.warn(`${name}: ${failed.size} of ${batch.length} messages failed`);
    } catch (error) {
      log.warn(`${name}: a batch of ${batch.length} failed`, { error: String(error) });
    }
  }

  return {
    dead,
    get size() {
      return held.size;
    },
    async send(messages, delayS = 0) {
      if (!(delayS >= 0 && delayS <= MAX_DELAY_S))
        throw new RangeError(`SQS delays by 0 to ${MAX_DELAY_S} s.`);
      const bodies = messages.map((message) => JSON.stringify(message));
      if (bodies.some((body) => Buffer.byteLength(body) > MAX_MESSAGE_BYTES)) {
        throw new RangeError("SQS takes messages of up to 1 MiB.");
      }
      const now = Date.now();
      for (const body of bodies) {
        const id = randomUUID();
        held.set(id, {
          id,
          body,
          sentAt: now,
          firstReceivedAt: undefined,
          visibleAt: now + delayS * 1000,
          receives: 0,
        });
      }
      // In a later turn, so that a sender is never called back by what it sends.
      if (!closed) setImmediate(pump);
    },
    async putOff(receipt, seconds) {
      if (!(seconds >= 0 && seconds <= MAX_HIDDEN_S))
        throw new RangeError(`SQS hides a message for 0 to ${MAX_HIDDEN_S} s.`);
      const now = Date.now();
      const message = [...held.values()].find((one) => receiptOf(one) === receipt);
      if (!message || message.receives === 0 || message.visibleAt <= now)
        throw new Error("The message is not in hand.");
      message.visibleAt = now + seconds * 1000;
      if (!closed) setImmediate(pump);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.all(running);
    },
  };
}

/** Which messages to see again: those named; all, when one is named that was not in the batch, as Lambda has it. */
function failedIds(answer: SQSBatchResponse | undefined | void, batch: readonly Held[]): Set<string> {
  const ids = new Set(batch.map(({ id }) => id));
  const failed = new Set((answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  return [...failed].every((id) => ids.has(id)) ? failed : ids;
}

function receiptOf({ id, receives }: Held): string {
  return `${id}#${receives}`;
}

function recordOf(queue: string, message: Held): SQSRecord {
  return {
    messageId: message.id,
    receiptHandle: receiptOf(message),
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receives),
      SentTimestamp: String(message.sentAt),
      SenderId: "local",
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    },
    messageAttributes: {},
    md5OfBody: createHash("md5").update(message.body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:local:000000000000:${queue}`,
    awsRegion: "local",
  };
}
