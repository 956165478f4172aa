import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { openWorld } from "../world.ts";

/** A stream's event under a tumbling window: that is how Lambda tells which shard a batch is of. */
export interface WindowedStreamEvent extends DynamoDBStreamEvent {
  readonly shardId?: string;
}

/** Lambda takes an answer without `state` for a failure. The counts are in the store; nothing is kept from call to call. */
export interface WindowedAnswer {
  readonly state: Record<string, never>;
  readonly batchItemFailures: [];
}

/** The consumer of the requests table's stream: each request that was stored is counted, once. A batch fails as a whole: it may be repeated. */
export function makeRollups(open: () => World): (event: WindowedStreamEvent) => Promise<WindowedAnswer> {
  let world: World | undefined;
  return async ({ shardId, Records }) => {
    world ??= open();
    if (Records.length > 0) {
      if (!shardId) throw new Error("The event does not say its shard: the trigger needs a tumbling window.");
      await Rollups.count(world, shardId, Records.map(recordOf));
    }
    return { state: {}, batchItemFailures: [] };
  };
}

function recordOf({ eventName, dynamodb }: DynamoDBRecord): Rollups.StreamRecord {
  const image = eventName === "INSERT" ? dynamodb?.NewImage : undefined;
  return {
    sequence: BigInt(dynamodb?.SequenceNumber ?? 0),
    inserted: image ? unmarshall(image as Record<string, AttributeValue>) : null,
  };
}

export const handler = makeRollups(() => openWorld("request-rollups"));
