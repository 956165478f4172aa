import { createHash } from "node:crypto";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import type { DynamoDBRecord } from "aws-lambda";
import type { World } from "../../../core/ctx.ts";
import type { TableSpec } from "../../../core/store/index.ts";
import { lambdaRecord } from "../../local/stream-event.ts";

/** Shards of a table's stream: a table that is paid by request begins with four partitions, and each has a shard. */
export const SHARDS = 4;

/** A page of a stream that has as many records may have another behind it. */
const SOME = 100;

/** The stream of a table. */
export interface Tail {
  /** The records since the last time, in order. */
  read(): Promise<DynamoDBRecord[]>;
  /**
   * The shard that a record would be in on AWS, where a table of DynamoDB Local has one: by its partition. Partitions that are numbered
   * (`#3`) are dealt out evenly: that makes the smallest batches, and figures that do not hang on the hour.
   */
  shardOf(record: DynamoDBRecord): string;
}

/** Follows a table's stream from its first record on, which must be there: DynamoDB Local does not go on from an empty shard. */
export async function openTail(
  { store }: World,
  spec: TableSpec,
  streams: DynamoDBStreamsClient,
): Promise<Tail> {
  const described = await store.client.send(new DescribeTableCommand({ TableName: store.table(spec) }));
  const StreamArn = described.Table!.LatestStreamArn!;
  /** By the shard; undefined at its end. */
  const iterators = new Map<string, string | undefined>();

  async function lookForShards(): Promise<void> {
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    for (const { ShardId = "" } of StreamDescription?.Shards ?? []) {
      if (iterators.has(ShardId)) continue;
      const { ShardIterator } = await streams.send(
        new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
      );
      iterators.set(ShardId, ShardIterator);
    }
  }

  return {
    async read() {
      const found: DynamoDBRecord[] = [];
      // A shard that ends has a child; while all that are known go on, there is no other.
      if (iterators.size === 0 || [...iterators.values()].includes(undefined)) await lookForShards();
      for (const shard of iterators.keys()) {
        for (let more = true; more; ) {
          const ShardIterator = iterators.get(shard);
          if (!ShardIterator) break;
          const answer = await streams
            .send(new GetRecordsCommand({ ShardIterator }))
            .catch((error: unknown) => {
              if ((error as Error).name !== "TrimmedDataAccessException") throw error;
              // DynamoDB Local says so of a shard that has no record.
              return { Records: [], NextShardIterator: ShardIterator };
            });
          const { Records = [], NextShardIterator } = answer;
          iterators.set(shard, NextShardIterator);
          found.push(...Records.map((record) => lambdaRecord(record, StreamArn)));
          more = Records.length >= SOME;
        }
      }
      return found;
    },
    shardOf({ dynamodb }) {
      const partition = dynamodb!.Keys![spec.partitionKey]!.S!;
      const numbered = /#(\d+)$/.exec(partition);
      const place = numbered ? Number(numbered[1]) : createHash("sha256").update(partition).digest()[0]!;
      return `shardId-${place % SHARDS}`;
    },
  };
}
