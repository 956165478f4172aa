import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { type Peers, Realtime } from "../../core/realtime/index.ts";
import type { Item } from "../../core/store/index.ts";

export type EndsHandler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/**
 * The consumer of a stream whose items open sockets: what is removed takes its sockets with it. What fails is given back from there on.
 *
 * @param holderOf whose sockets an item was good for, as `Realtime.endAll` names them; null for an item that opens none
 */
export function makeEnds(
  open: () => World,
  peersOf: (world: World) => Pick<Peers, "close">,
  holderOf: (image: Item) => string | null,
): EndsHandler {
  let opened: { world: World; peers: Pick<Peers, "close"> } | undefined;
  return async ({ Records }) => {
    if (!opened) {
      const world = open();
      opened = { world, peers: peersOf(world) };
    }
    const { world, peers } = opened;
    for (const { eventName, dynamodb } of Records) {
      const image = eventName === "REMOVE" ? dynamodb?.OldImage : undefined;
      const holder = image && holderOf(unmarshall(image as Record<string, AttributeValue>));
      if (!holder) continue;
      try {
        await Realtime.endAll(world, peers, holder);
      } catch (error) {
        world.log.error("The sockets of a credential that ended could not be closed", { error });
        return { batchItemFailures: [{ itemIdentifier: dynamodb!.SequenceNumber! }] };
      }
    }
    return { batchItemFailures: [] };
  };
}
