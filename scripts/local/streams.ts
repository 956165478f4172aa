import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
} from "@aws-sdk/client-dynamodb-streams";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { Log } from "../../core/ctx.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { deliver } from "./deliver.ts";
import { invoke } from "./lambda.ts";
import { lambdaRecord } from "./stream-event.ts";

export type StreamHandler = (
  event: DynamoDBStreamEvent,
  context: Context,
) => Promise<DynamoDBBatchResponse | undefined | void>;

export interface TriggerOptions {
  /** Names the trigger and its checkpoints. */
  readonly name: string;
  /** The table's physical name; it must have a stream. */
  readonly table: string;
  readonly handler: StreamHandler;
  readonly client: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
  readonly checkpoints: Checkpoints;
  readonly log: Log;
  readonly batchSize?: number;
  readonly retries?: number;
  readonly backoffMs?: number;
  readonly pollMs?: number;
  readonly timeoutMs?: number;
  /** Whether the function is told its shard, as Lambda does under a tumbling window. */
  readonly windowed?: boolean;
}

export interface Trigger {
  /** The records given up, oldest first. */
  readonly dead: readonly DynamoDBRecord[];
  close(): Promise<void>;
}

const LOOK_FOR_SHARDS_MS = 5000;

export function openStreamsClient(endpoint: string): DynamoDBStreamsClient {
  return new DynamoDBStreamsClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

/**
 * Calls a function with what changes in a table, as Lambda's trigger on a DynamoDB stream does: at least once, the changes of a key in
 * order (a shard one batch at a time, a child shard after its parent), from where the checkpoints say or else from the oldest record.
 */
export async function startTrigger(options: TriggerOptions): Promise<Trigger> {
  const { name, client, table, streams, checkpoints, log, pollMs = 100 } = options;
  const stop = new AbortController();
  // Every shard and call listens.
  setMaxListeners(0, stop.signal);
  const dead: DynamoDBRecord[] = [];
  const arn = (await client.send(new DescribeTableCommand({ TableName: table }))).Table?.LatestStreamArn;
  if (!arn) throw new Error(`The table ${table} has no stream.`);
  const readers = new Map<string, Promise<void>>();

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const shards = await listShards(streams, arn!);
        const known = new Set(shards.map((shard) => shard.ShardId!));
        checkpoints.keep(name, known);
        for (const shard of shards) if (isDue(shard, known)) read(shard.ShardId!);
      } catch (error) {
        if (!stop.signal.aborted) log.warn(`${name}: the stream can't be read`, { error: String(error) });
      }
      await Promise.race([...readers.values(), pause(LOOK_FOR_SHARDS_MS)]);
    }
    await Promise.all(readers.values());
  }

  function isDue(shard: Shard, known: ReadonlySet<string>): boolean {
    const id = shard.ShardId!;
    if (readers.has(id) || checkpoints.get(name, id).done) return false;
    const parent = shard.ParentShardId;
    return !parent || !known.has(parent) || checkpoints.get(name, parent).done === true;
  }

  function read(shard: string): void {
    const reading = readShard(shard)
      .catch(async (error: unknown) => {
        if (stop.signal.aborted) return;
        // DynamoDB Local says so of a shard that was just made; what is in it is read from its beginning then.
        const isNew = (error as Error).name === "TrimmedDataAccessException";
        if (!isNew)
          log.warn(`${name}: a shard can't be read, and is tried again`, { shard, error: String(error) });
        await pause(pollMs * 5);
      })
      .finally(() => readers.delete(shard));
    readers.set(shard, reading);
  }

  async function readShard(shard: string): Promise<void> {
    let iterator = await iteratorFor(shard);
    while (iterator && !stop.signal.aborted) {
      const answer: { Records?: DynamoDBRecord[]; next: string | undefined } = await records(iterator);
      if (answer.Records?.length) await handOver(shard, answer.Records);
      else if (answer.next) await pause(pollMs);
      iterator = answer.next;
    }
    if (!stop.signal.aborted) checkpoints.set(name, shard, { ...checkpoints.get(name, shard), done: true });
  }

  async function records(iterator: string): Promise<{ Records: DynamoDBRecord[]; next: string | undefined }> {
    const answer = await streams.send(
      new GetRecordsCommand({ ShardIterator: iterator, Limit: options.batchSize ?? 100 }),
      { abortSignal: stop.signal },
    );
    return {
      Records: (answer.Records ?? []).map((record) => lambdaRecord(record, arn!)),
      next: answer.NextShardIterator,
    };
  }

  async function iteratorFor(shard: string): Promise<string | undefined> {
    const { sequence } = checkpoints.get(name, shard);
    const from = sequence
      ? { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: sequence }
      : { ShardIteratorType: "TRIM_HORIZON" as const };
    const ask = { StreamArn: arn!, ShardId: shard };
    try {
      return (await streams.send(new GetShardIteratorCommand({ ...ask, ...from }))).ShardIterator;
    } catch (error) {
      if ((error as Error).name !== "TrimmedDataAccessException") throw error;
      return (await streams.send(new GetShardIteratorCommand({ ...ask, ShardIteratorType: "TRIM_HORIZON" })))
        .ShardIterator;
    }
  }

  function handOver(shard: string, batch: readonly DynamoDBRecord[]): Promise<void> {
    return deliver(batch, {
      hand: async (given) => {
        const event = { Records: [...given], ...(options.windowed ? { shardId: shard, state: {} } : {}) };
        return succeededOf(await invoke(options.handler, event, name, options.timeoutMs ?? 60_000), given);
      },
      done: (record) => checkpoints.set(name, shard, { sequence: record.dynamodb!.SequenceNumber! }),
      giveUp(record, error) {
        dead.push(record);
        log.error(`${name}: gave up a record`, { record: JSON.stringify(record), error: String(error) });
      },
      retries: options.retries ?? 3,
      backoffMs: options.backoffMs ?? 200,
      signal: stop.signal,
    });
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: stop.signal }).catch(() => {});
  }

  const following = follow();
  return {
    dead,
    async close() {
      stop.abort();
      await following;
      checkpoints.flush();
    },
  };
}

async function listShards(streams: DynamoDBStreamsClient, arn: string): Promise<Shard[]> {
  const shards: Shard[] = [];
  let from: string | undefined;
  do {
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn: arn, ...(from ? { ExclusiveStartShardId: from } : {}) }),
    );
    shards.push(...(StreamDescription?.Shards ?? []));
    from = StreamDescription?.LastEvaluatedShardId;
  } while (from);
  return shards;
}

/** How many of the first records succeeded, by the lowest one reported; a report that names none of them means that none did. */
function succeededOf(
  answer: DynamoDBBatchResponse | undefined | void,
  batch: readonly DynamoDBRecord[],
): number {
  const failures = answer?.batchItemFailures ?? [];
  if (failures.length === 0) return batch.length;
  const failed = failures.map(({ itemIdentifier }) =>
    batch.findIndex((record) => record.dynamodb?.SequenceNumber === itemIdentifier),
  );
  return failed.includes(-1) ? 0 : Math.min(...failed);
}
