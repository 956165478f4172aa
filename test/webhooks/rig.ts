import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { Ctx, World } from "../../core/ctx.ts";
import { type Draft, Events } from "../../core/events/index.ts";
import { EVENTS } from "../../core/events/items.ts";
import { queryAll } from "../../core/store/index.ts";
import type { Delivery, PutOff, WebhookSecretView } from "../../core/webhooks/index.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { makeWebhookDeliveries } from "../../functions/queues/webhook-deliveries.ts";
import { type LocalQueue, openQueue } from "../../scripts/local/queue.ts";
import { QUEUES } from "../../stacks/functions.ts";
import { adminCtx } from "../world/index.ts";

let sequence = 0n;

/** Appends facts to the log, an entry for each, and gives the entries' records as the stream of the table has them. */
export async function happen(
  world: World,
  facts: readonly Partial<Draft>[],
  swept?: string,
): Promise<DynamoDBStreamEvent> {
  const before = (await Events.head(world)).seq;
  for (const fact of facts) {
    const whole: Draft = { type: "node_updated", at: world.now(), data: { id: "n-1" }, ...fact };
    const change = { sequence: ++sequence, facts: [whole], swept };
    await Events.append(world, { table: "nodes", shard: "shard-1" }, [change]);
  }
  const items = queryAll(world.store, EVENTS, {
    KeyConditionExpression: "#log = :log AND #seq > :seq",
    ExpressionAttributeNames: { "#log": "log", "#seq": "seq" },
    ExpressionAttributeValues: { ":log": "log", ":seq": String(before).padStart(14, "0") },
  });
  const Records: DynamoDBRecord[] = [];
  for await (const item of items) {
    Records.push({
      eventName: "INSERT",
      dynamodb: { SequenceNumber: String(item.seq), NewImage: marshall(item) as never },
    });
  }
  return { Records };
}

/** Whoever manages webhooks, by chance of its own: where the world's stands still, ids of one millisecond are the same. */
export function managing(world: World): Ctx {
  return { ...adminCtx(world), random: Math.random };
}

/** A webhook of an address, for every type unless said. */
export function register(
  world: World,
  url: string,
  given: Partial<Parameters<typeof Webhooks.create>[1]> = {},
): Promise<WebhookSecretView> {
  return Webhooks.create(managing(world), { url, types: ["*"], ...given });
}

export interface HurriedQueue extends LocalQueue<Delivery> {
  /** The seconds that each failed attempt was put off by, in the order of failing. */
  readonly waits: readonly number[];
  /** Waits until nothing is left in it. */
  readonly empty: () => Promise<void>;
}

/** The queue of deliveries and its worker, as the local run has them; what is put off comes again soon. */
export function openDeliveries(world: World, againS = 0.03): HurriedQueue {
  const waits: number[] = [];
  const { batchSize, maxReceives } = QUEUES.webhooks;
  const putOff: PutOff = (receipt, seconds) => {
    waits.push(seconds);
    return queue.putOff(receipt, againS);
  };
  const queue: LocalQueue<Delivery> = openQueue<Delivery>({
    name: "webhooks",
    handler: makeWebhookDeliveries(
      () => world,
      () => putOff,
    ),
    log: world.log,
    batchSize,
    maxReceives,
  });
  return {
    ...queue,
    waits,
    get dead() {
      return queue.dead;
    },
    get size() {
      return queue.size;
    },
    async empty() {
      while (queue.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}
