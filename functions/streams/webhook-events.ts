import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { Events, type LogEntry } from "../../core/events/index.ts";
import { type DeliveryQueue, Webhooks } from "../../core/webhooks/index.ts";
import { webhooksQueue } from "../queues/from-config.ts";
import { openWorld } from "../world.ts";

/**
 * The consumer of the log's own stream that puts deliveries to webhooks on their queue. From an entry that can't be read on the batch is
 * given back, until Lambda puts that one aside; what the queue refused is given back whole.
 */
export function makeWebhookEvents(
  open: () => World,
  queueOf: (world: World) => DeliveryQueue,
): (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  let opened: { world: World; queue: DeliveryQueue } | undefined;
  return async ({ Records }) => {
    if (!opened) {
      const world = open();
      opened = { world, queue: queueOf(world) };
    }
    const { world, queue } = opened;
    const { entries, unread } = readEntries(world, Records);
    await Webhooks.fanOut(world, queue, entries);
    return { batchItemFailures: unread === null ? [] : [{ itemIdentifier: unread }] };
  };
}

/** The entries that were appended, up to the first that can't be read, and that one's sequence number. */
function readEntries(
  world: World,
  records: readonly DynamoDBRecord[],
): { entries: LogEntry[]; unread: string | null } {
  const entries: LogEntry[] = [];
  for (const { eventName, dynamodb } of records) {
    if (eventName !== "INSERT") continue;
    try {
      const image = dynamodb?.NewImage && unmarshall(dynamodb.NewImage as Record<string, AttributeValue>);
      const entry = Events.entryOfImage(image);
      if (entry) entries.push(entry);
    } catch (error) {
      world.log.error("An entry of the log can't be read", { keys: dynamodb?.Keys, error });
      return { entries, unread: dynamodb?.SequenceNumber ?? "" };
    }
  }
  return { entries, unread: null };
}

export const handler = makeWebhookEvents(() => openWorld("webhook-events"), webhooksQueue);
