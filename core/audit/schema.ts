import * as z from "zod/mini";
import { cursor, pageLimit } from "../nodes/schema.ts";
import { FORMATS } from "../requests/schema.ts";
import { RESULTS } from "./items.ts";

const text = (max: number) =>
  z
    .string("Must be given once")
    .check(z.minLength(1, "Must not be empty"), z.maxLength(max, `Must have at most ${max} characters`));

/** ISO-8601 with an offset, or a date (its midnight, UTC), as milliseconds since the epoch. */
const instant = z.pipe(
  z.union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    "Must be a date or an ISO-8601 time with its offset",
  ),
  z.transform((given) => new Date(given).getTime()),
);

const filters = {
  /** `admin:<id>`; a kind alone, as `node`, is all of that kind. */
  actor: z.optional(text(256)),
  /** `key.create`; a thing alone, as `key`, is all that was done to such. */
  action: z.optional(text(64)),
  target: z.optional(text(512)),
  result: z.optional(z.enum(RESULTS, `Must be one of ${RESULTS.join(", ")}`)),
  since: z.optional(instant),
  until: z.optional(instant),
};

interface Range {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const inOrder = z.refine<Range>(({ since, until }) => (since ?? 0) <= (until ?? Number.POSITIVE_INFINITY), {
  error: "Must not be after until",
  path: ["since"],
});

/** Filters that all must match. `since` and `until` are included. */
export const listInput = z.object({ ...filters, limit: pageLimit, cursor }).check(inOrder);
export type Asked = Omit<z.output<typeof listInput>, "limit" | "cursor">;

/** The filters of the list; every row that matches, page after page. */
export const exportInput = z
  .object({
    format: z.prefault(z.enum(FORMATS, `Must be one of ${FORMATS.join(", ")}`), "json"),
    ...filters,
    cursor,
  })
  .check(inOrder);

export const auditView = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  result: z.enum(RESULTS),
  request_id: z.string(),
  address: z.nullable(z.string()),
  detail: z.nullable(z.record(z.string(), z.unknown())),
});
export type AuditView = z.output<typeof auditView>;
