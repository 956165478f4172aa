import * as z from "zod/mini";
import { HEALTHS, STATUSES } from "../nodes/lifecycle.ts";

const evidence = z.object({
  /** `answer`, `status`, `body`, or how the connection failed. */
  kind: z.string(),
  /** Of HTTP; null when there was no answer. */
  status: z.nullable(z.int()),
  duration_ms: z.number(),
  detail: z.string(),
});

/** What a check of a node found; `consecutive_failures` is null for a node that is not watched. */
export const checkView = z.object({
  node_id: z.string(),
  status: z.enum(STATUSES),
  health: z.enum(HEALTHS),
  verdict: z.enum(["pass", "fail"]),
  evidence,
  consecutive_failures: z.nullable(z.int()),
  checked_at: z.string(),
});
export type CheckView = z.output<typeof checkView>;

const cell = z.string().check(z.regex(/^[gn][01]*$/, "Must be a tree and bits"));

/** An order as it comes from a queue. */
export const sweepOrder = z.object({
  directory: cell,
  cells: z.array(cell).check(z.maxLength(1024)),
  wave: z.int().check(z.gte(0)),
  units: z.optional(z.int().check(z.gte(1))),
  only: z.optional(z.array(z.string())),
});
