import type { Context, ScheduledEvent } from "aws-lambda";
import type { Log } from "../../core/ctx.ts";
import { newId } from "../../core/id.ts";
import { invoke } from "./lambda.ts";

export type ScheduleHandler = (event: ScheduledEvent, context: Context) => Promise<unknown>;

export interface ScheduleOptions {
  readonly name: string;
  readonly intervalMs: number;
  readonly handler: ScheduleHandler;
  readonly timeoutMs: number;
  readonly log: Log;
}

export interface Schedule {
  /** Starts nothing more and waits for the run under way. */
  close(): Promise<void>;
}

/**
 * Calls `handler` at every whole multiple of the interval since the epoch, so that all who keep the same interval mean the same instants.
 * A run that lasts past the next instant skips it: two never overlap. One that fails is logged, and the next comes as if it had not.
 */
export function startSchedule({ name, intervalMs, handler, timeoutMs, log }: ScheduleOptions): Schedule {
  let closed = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let due = Math.floor(Date.now() / intervalMs) * intervalMs;

  function arm(): void {
    if (closed) return;
    const now = Date.now();
    due = Math.max(due, Math.floor(now / intervalMs) * intervalMs) + intervalMs;
    timer = setTimeout(tick, due - now);
  }

  function tick(): void {
    if (Date.now() < due) {
      // A timer may fire a millisecond early.
      timer = setTimeout(tick, due - Date.now());
      return;
    }
    running ??= invoke(handler, eventAt(name, Date.now()), name, timeoutMs)
      .then(
        () => {},
        (error: unknown) => log.error(`${name}: failed`, { error: String(error) }),
      )
      .finally(() => {
        running = undefined;
      });
    arm();
  }

  arm();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** The event by which EventBridge tells that a rule's time has come. */
export function eventAt(rule: string, now: number): ScheduledEvent {
  return {
    version: "0",
    id: newId({ now: () => now, random: Math.random }),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: "000000000000",
    time: new Date(now).toISOString().replace(/\.\d{3}Z$/, "Z"),
    region: "local",
    resources: [`arn:aws:events:local:000000000000:rule/${rule}`],
    detail: {},
  };
}
