import type { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { DynamoDBRecord } from "aws-lambda";
import { CELLS } from "../../../core/cells/items.ts";
import type { World } from "../../../core/ctx.ts";
import { Events } from "../../../core/events/index.ts";
import { NODES } from "../../../core/nodes/items.ts";
import { REQUESTS } from "../../../core/requests/items.ts";
import type { TableSpec } from "../../../core/store/index.ts";
import { makeCellEvents } from "../../../functions/streams/cell-events.ts";
import { makeNodeEvents } from "../../../functions/streams/node-events.ts";
import { makeRequestEvents } from "../../../functions/streams/request-events.ts";
import { makeRollups, type WindowedStreamEvent } from "../../../functions/streams/rollups.ts";
import { FUNCTIONS, STREAM } from "../../../stacks/functions.ts";
import type { Accounts } from "./accounts.ts";
import { openTail, type Tail } from "./tail.ts";
import { openTrigger } from "./trigger.ts";

const MAKERS = {
  "node-events": { table: NODES, make: makeNodeEvents },
  "cell-events": { table: CELLS, make: makeCellEvents },
  "request-events": { table: REQUESTS, make: makeRequestEvents },
  "request-rollups": { table: REQUESTS, make: makeRollups },
} as const;

export type Streamed = keyof typeof MAKERS;

/** What follows the streams of a world's tables: the real handlers, over the real records. */
export interface Outbox {
  /**
   * Reads what was written since the last time, and hands over what is due.
   *
   * @param now milliseconds since the epoch: the end of the second
   * @returns the routing requests that were read, and the entries of the log that tell of anything else
   */
  second(now: number): Promise<{ readonly requests: number; readonly others: number }>;
  /** Hands over everything. */
  flush(): Promise<void>;
}

/** @param batch how streams are read, where not as deployed */
export async function openOutbox(
  world: World,
  accounts: Accounts,
  streams: DynamoDBStreamsClient,
  batch?: { readonly batchSize: number; readonly gatherS: number },
): Promise<Outbox> {
  const tails = new Map<TableSpec, Tail>();
  for (const table of [NODES, CELLS, REQUESTS]) tails.set(table, await openTail(world, table, streams));
  /** Entries since the last second that tell of something else than routes. */
  let others = 0;
  const triggers = (Object.keys(MAKERS) as Streamed[]).map((name) => {
    const { table, make } = MAKERS[name];
    const handler = make(() => accounts.worldOf(name));
    const call = (event: WindowedStreamEvent) => accounts.call(name, () => handler(event));
    const ofOthers = async (event: WindowedStreamEvent) => {
      const before = await endOfLog(world);
      const answer = await call(event);
      others += (await endOfLog(world)) - before;
      return answer;
    };
    const trigger = openTrigger(
      { ...STREAM, ...FUNCTIONS[name].reading, ...batch },
      (record) => tails.get(table)!.shardOf(record),
      table === REQUESTS ? call : ofOthers,
    );
    return { table, trigger };
  });
  const work = async (now: number) => {
    for (const { trigger } of triggers) await trigger.work(now);
  };

  return {
    async second(now) {
      others = 0;
      let requests = 0;
      for (const [table, tail] of tails) {
        const records = await tail.read();
        if (table === REQUESTS) requests = records.length;
        for (const one of triggers) {
          if (one.table === table)
            for (const record of records) one.trigger.offer(record, writtenAt(record, now));
        }
      }
      await work(now);
      return { requests, others };
    },
    flush: () => work(Number.POSITIVE_INFINITY),
  };
}

/** When a record was written by the bench's clock: a routing request says so itself, the others came together. */
function writtenAt({ dynamodb }: DynamoDBRecord, now: number): number {
  const madeAt = dynamodb?.NewImage?.created_at?.S;
  return madeAt === undefined ? now : Date.parse(madeAt);
}

/** The number of the newest entry of the log. */
export async function endOfLog(world: World): Promise<number> {
  return (await Events.head(world)).seq;
}
