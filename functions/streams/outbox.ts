import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { type Change, Events } from "../../core/events/index.ts";
import type { Item, TableSpec } from "../../core/store/index.ts";
import type { WindowedStreamEvent } from "./rollups.ts";

/** A record of a table's stream: images of the item before and after the write, and when it was made (ms since the epoch). */
export interface Written {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  readonly at: number;
}

/** What a write means to those who listen; null when nothing. */
export type Meaning = (written: Written) => Omit<Change, "sequence"> | null;

export interface OutboxAnswer {
  readonly state: Record<string, never>;
  readonly batchItemFailures: { itemIdentifier: string }[];
}

export type OutboxHandler = (event: WindowedStreamEvent) => Promise<OutboxAnswer>;

/**
 * The consumer of a table's stream that puts what its writes mean into the log of events. A record that can't be read is given back until
 * Lambda puts it aside; the others of its batch are in the log meanwhile, and are not put there again.
 */
export function makeOutbox(open: () => World, table: TableSpec, meaning: Meaning): OutboxHandler {
  let world: World | undefined;
  return async ({ shardId, Records }) => {
    world ??= open();
    if (Records.length === 0) return { state: {}, batchItemFailures: [] };
    if (!shardId) throw new Error("The event does not say its shard: the trigger needs a tumbling window.");
    const changes: Change[] = [];
    let poison: string | undefined;
    for (const record of Records) {
      const sequence = record.dynamodb!.SequenceNumber!;
      try {
        const meant = meaning(writtenIn(record));
        if (meant) changes.push({ sequence: BigInt(sequence), ...meant });
      } catch (error) {
        poison ??= sequence;
        world.log.error("A change can't be told", { table: table.name, keys: record.dynamodb?.Keys, error });
      }
    }
    await Events.append(world, { table: table.name, shard: shardId }, changes);
    return { state: {}, batchItemFailures: poison ? [{ itemIdentifier: poison }] : [] };
  };
}

function writtenIn({ dynamodb }: DynamoDBRecord): Written {
  const image = (given: NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]) =>
    given && unmarshall(given as Record<string, AttributeValue>);
  // DynamoDB tells the time of a write in seconds.
  const at = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000;
  return { before: image(dynamodb?.OldImage), after: image(dynamodb?.NewImage), at };
}
