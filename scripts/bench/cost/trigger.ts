import type { DynamoDBRecord } from "aws-lambda";
import type { WindowedStreamEvent } from "../../../functions/streams/rollups.ts";
import type { StreamReading } from "../../../stacks/functions.ts";

/** Lambda's trigger on a stream, on the bench's clock: a lane for each shard, in which records gather to batches. */
export interface Trigger {
  /** Takes a record, those of a shard in order. @param at when it was written, in ms since the epoch */
  offer(record: DynamoDBRecord, at: number): void;
  /** Hands over what is due: batches that are full, and those that gathered for long enough. @param now ms; infinity for everything */
  work(now: number): Promise<void>;
}

/** @param shardOf the shard that a record is in */
export function openTrigger(
  { batchSize, gatherS = 0 }: Pick<StreamReading, "batchSize" | "gatherS">,
  shardOf: (record: DynamoDBRecord) => string,
  handler: (event: WindowedStreamEvent) => Promise<{ batchItemFailures: readonly unknown[] }>,
): Trigger {
  const lanes = new Map<string, { readonly record: DynamoDBRecord; readonly at: number }[]>();

  /** A batch gathers from its first record on; what is written after that time is of the next one. */
  function isDue(lane: readonly { readonly at: number }[], now: number): boolean {
    return lane[0] !== undefined && (lane.length >= batchSize || now >= lane[0].at + gatherS * 1000);
  }

  return {
    offer(record, at) {
      const shard = shardOf(record);
      const lane = lanes.get(shard) ?? [];
      lane.push({ record, at });
      lanes.set(shard, lane);
    },
    async work(now) {
      for (const [shardId, lane] of lanes) {
        while (isDue(lane, now)) {
          const until = lane[0]!.at + gatherS * 1000;
          const late = lane.findIndex(({ at }) => at > until);
          const batch = lane.splice(0, Math.min(batchSize, late < 0 ? lane.length : late));
          const { batchItemFailures } = await handler({
            shardId,
            Records: batch.map(({ record }) => record),
          });
          if (batchItemFailures.length > 0) throw new Error(`A batch of ${shardId} failed.`);
        }
      }
    },
  };
}
