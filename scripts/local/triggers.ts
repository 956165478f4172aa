import type { Config } from "../../core/config.ts";
import type { World } from "../../core/ctx.ts";
import { TABLES } from "../../core/tables.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec, QUEUES, STREAM } from "../../stacks/functions.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { type LocalFunctions, openFunctions } from "./functions.ts";
import { type LocalQueue, openQueue } from "./queue.ts";
import { type ScheduleHandler, startSchedule } from "./schedule.ts";
import { openStreamsClient, type StreamHandler, startTrigger } from "./streams.ts";

type QueueName = keyof typeof QUEUES;
type QueueWorker = {
  [Name in FunctionName]: (typeof FUNCTIONS)[Name]["kind"] extends "queue" ? Name : never;
}[FunctionName];

/** What to undo at the end, the last first. */
export type Closers = (() => Promise<unknown> | void)[];

/** Workers that one machine bears beside everything else it runs. */
const LOCAL_WORKERS = 4;

/**
 * Starts what calls functions beside HTTP: every queue, schedule and stream of the stacks' list, with the stacks' own settings.
 *
 * @returns the functions, for what calls them over HTTP and WebSockets.
 */
export async function startTriggers(
  config: Config,
  worldOf: (service: string) => World,
  checkpoints: Checkpoints,
  closers: Closers,
): Promise<LocalFunctions> {
  const { store, log } = worldOf("local");
  const functions: LocalFunctions = openFunctions(worldOf, {
    health: open("health", "health-worker"),
    webhooks: open("webhooks", "webhook-deliveries"),
  });

  const streams = openStreamsClient(config.DYNAMODB_ENDPOINT!);
  closers.push(() => streams.destroy());
  for (const [name, spec] of Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][]) {
    const timeoutMs = spec.timeoutS * 1000;
    if (spec.kind === "schedule") {
      // The dispatch of a deploy orders a minute's waves at once; here it comes once for each.
      const intervalMs = (name === "dispatch" ? config.HEALTH_CHECK_INTERVAL : spec.everyMinutes * 60) * 1000;
      const handler = functions[name] as ScheduleHandler;
      const schedule = startSchedule({ name, intervalMs, handler, timeoutMs, log });
      closers.push(() => schedule.close());
    }
    if (spec.kind === "stream") {
      const table = store.table(TABLES.find((one) => one.name === spec.table)!);
      const handler = functions[name] as StreamHandler;
      const { batchSize, retries, windowS } = { ...STREAM, ...spec.reading };
      const read = { batchSize, retries, timeoutMs, checkpoints, windowed: windowS !== undefined };
      const trigger = await startTrigger({ name, table, handler, client: store.doc, streams, log, ...read });
      closers.push(() => trigger.close());
    }
  }
  return functions;

  /** A queue as the stacks have it, and the function that empties it. */
  function open<Message>(name: QueueName, worker: QueueWorker): LocalQueue<Message> {
    const { batchSize, maxConcurrency, visibilityS, maxReceives } = QUEUES[name];
    const queue = openQueue<Message>({
      name,
      handler: (event, context) => functions[worker](event, context),
      log,
      batchSize,
      concurrency: Math.min(maxConcurrency, LOCAL_WORKERS),
      visibilityMs: visibilityS * 1000,
      timeoutMs: FUNCTIONS[worker].timeoutS * 1000,
      maxReceives,
    });
    closers.push(() => queue.close());
    return queue;
  }
}
