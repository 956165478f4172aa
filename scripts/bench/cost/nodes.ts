import { usageOf } from "./accounts.ts";
import { SECONDS_A_MONTH } from "./prices.ts";
import { nobody } from "./routes.ts";
import { type Line, linesOf } from "./sheet.ts";
import type { Slice } from "./slice.ts";

/** Sent, received, deleted; SQS takes ten at once for one request, which is not counted on. */
const REQUESTS_AN_ORDER = 3;
/** Lambda asks a queue that is empty by five long polls of 20 s each, whatever the fleet. */
const POLLS_A_SECOND = 5 / 20;

/** What a node costs in a month in which it is swept and does not change. */
export function nodeLines(slice: Slice): Line[] {
  const { nodes, seconds, usage, orders, entries } = slice;
  const scale = SECONDS_A_MONTH / seconds / nodes;
  const lines = (name: Parameters<typeof usageOf>[1], item: string) =>
    linesOf(name, item, usageOf(usage, name), scale);
  const ofSweeps = entries.all > 0 ? 1 - entries.routes / entries.all : 0;
  return [
    ...lines("dispatch", "dispatch"),
    { item: "orders in the queue", units: orders * REQUESTS_AN_ORDER * scale, of: "queueRequest" },
    { item: "asking the queue", units: POLLS_A_SECOND * seconds * scale, of: "queueRequest" },
    ...lines("health-worker", "sweeping"),
    ...lines("cell-events", "telling of sweeps"),
    ...linesOf("broadcast", "finding that nobody listens", nobody(slice), scale * ofSweeps),
  ];
}
