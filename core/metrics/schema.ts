import * as z from "zod/mini";
import { nodeId } from "../nodes/schema.ts";

/** ISO-8601 with an offset, as milliseconds since the epoch. */
const instant = z.pipe(
  z.iso.datetime({ offset: true, error: "Must be an ISO-8601 time with its offset" }),
  z.transform((given) => new Date(given).getTime()),
);
const seconds = (min: number, max: number) => {
  const message = `Must be a whole number of seconds from ${min} to ${max}`;
  return z.coerce.number(message).check(z.int(message), z.gte(min, message), z.lte(max, message));
};

export const historyInput = z.object({
  edge_id: nodeId,
  /** An hour before `until`, when left out; at most 7 days before it. */
  since: z.optional(instant),
  /** Now, when left out. */
  until: z.optional(instant),
  /** Seconds that a point stands for; when left out, so many that there are at most 720 points. */
  bucket_s: z.optional(seconds(60, 86_400)),
});

const amount = z.nullable(z.number());
const total = z.object({ avg: amount, max: amount });

/** A node's load over time. A point is the mean of its samples, null where the node did not say. */
export const historyView = z.object({
  edge_id: z.string(),
  since: z.string(),
  until: z.string(),
  bucket_s: z.int(),
  points: z.array(
    z.object({
      at: z.string(),
      samples: z.int(),
      cpu_usage: amount,
      memory_usage: amount,
      active_connections: amount,
    }),
  ),
  totals: z.object({ samples: z.int(), cpu_usage: total, memory_usage: total, active_connections: total }),
});
export type HistoryView = z.output<typeof historyView>;
