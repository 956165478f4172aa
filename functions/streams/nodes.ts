import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { type NodeChange, type SweepQueue, Watching } from "../../core/watching/index.ts";
import { healthQueue } from "../queues/from-config.ts";
import { openWorld } from "../world.ts";

/**
 * The consumer of the nodes table's stream: what changed is followed up. One that fails holds up no other node of its batch: the rest is
 * done before the first failed record is given back, from which on the stream repeats.
 */
export function makeNodesStream(
  open: () => World,
  queueOf: (world: World) => SweepQueue,
): (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  let opened: { world: World; queue: SweepQueue } | undefined;
  return async (event) => {
    if (!opened) {
      const world = open();
      opened = { world, queue: queueOf(world) };
    }
    const { world, queue } = opened;
    try {
      await Watching.follow(world, queue, event.Records.flatMap(changeIn));
      return { batchItemFailures: [] };
    } catch (error) {
      world.log.warn("A batch of node changes failed; each node is tried alone.", { error });
      return { batchItemFailures: await followEach(world, queue, event.Records) };
    }
  };
}

async function followEach(
  world: World,
  queue: SweepQueue,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse["batchItemFailures"]> {
  const failed: DynamoDBRecord[] = [];
  for (const [id, ofNode] of Map.groupBy(records, (record) => record.dynamodb?.Keys?.id?.S ?? "")) {
    try {
      await Watching.follow(world, queue, ofNode.flatMap(changeIn));
    } catch (error) {
      world.log.error("The changes of a node could not be followed up.", { node_id: id, error });
      failed.push(ofNode[0]!);
    }
  }
  const first = records.find((record) => failed.includes(record));
  return first ? [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? "" }] : [];
}

function changeIn({ dynamodb }: DynamoDBRecord): NodeChange[] {
  const before = nodeIn(dynamodb?.OldImage);
  const after = nodeIn(dynamodb?.NewImage);
  return before || after ? [{ before, after }] : [];
}

function nodeIn(image: NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]) {
  return Nodes.nodeOfImage(image && unmarshall(image as Record<string, AttributeValue>));
}

export const handler = makeNodesStream(() => openWorld("nodes-stream"), healthQueue);
