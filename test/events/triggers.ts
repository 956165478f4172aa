import type { TableSpec } from "../../core/store/index.ts";
import type { OutboxHandler } from "../../functions/streams/outbox.ts";
import { openCheckpoints } from "../../scripts/local/checkpoints.ts";
import {
  openStreamsClient,
  type StreamHandler,
  startTrigger,
  type Trigger,
} from "../../scripts/local/streams.ts";
import type { TestWorld } from "../world/index.ts";

/** Counts what was done to functions. */
export interface Sabotage {
  kills: number;
  repeats: number;
}

/** Triggers of a world's tables, closed together. */
export interface Triggers {
  /** Calls a function with a table's stream, from its first record on: nothing is remembered of an earlier trigger. */
  start(table: TableSpec, handler: StreamHandler, retries?: number): Promise<Trigger>;
  closeAll(): Promise<void>;
}

export function openTriggers(world: TestWorld): Triggers {
  const streams = openStreamsClient(world.config.DYNAMODB_ENDPOINT!);
  const open: Trigger[] = [];
  return {
    async start(table, handler, retries = 50) {
      const trigger = await startTrigger({
        name: `events-of-${table.name}`,
        table: world.store.table(table),
        handler,
        client: world.store.doc,
        streams,
        checkpoints: openCheckpoints(),
        log: world.log,
        batchSize: 100,
        retries,
        backoffMs: 1,
        pollMs: 10,
        windowed: true,
      });
      open.push(trigger);
      return trigger;
    },
    async closeAll() {
      await Promise.all(open.splice(0).map((trigger) => trigger.close()));
      streams.destroy();
    },
  };
}

/** A function that is killed now and then between its write and its answer, and is handed parts of its last batch again. */
export function sabotaged(handler: OutboxHandler, random: () => number, told: Sabotage): OutboxHandler {
  const last = new Map<string | undefined, Parameters<OutboxHandler>[0]["Records"]>();
  return async (event) => {
    const before = last.get(event.shardId) ?? [];
    if (before.length > 0 && random() < 0.3) {
      told.repeats++;
      const from = Math.floor(random() * before.length);
      await handler({ ...event, Records: [...before.slice(from), ...event.Records.slice(0, 2)] });
    }
    const answer = await handler(event);
    // Lambda does not hear of what was written.
    if (random() < 0.15) {
      told.kills++;
      throw new Error("killed");
    }
    last.set(event.shardId, event.Records);
    return answer;
  };
}
