import * as z from "zod/mini";
import { cursor, nodeId, pageLimit } from "../nodes/schema.ts";
import { extentOf, type Json } from "./contains.ts";
import { MAX_CLIENT_ID } from "./stored.ts";

export const REQUEST_STATUSES = ["pending", "routed", "completed", "failed", "rejected"] as const;

/** The most levels and values that a `q` may have; its text is bounded with them. */
const MAX_DEPTH = 16;
const MAX_VALUES = 256;
const MAX_TEXT = 4096;

/** ISO-8601 with an offset, or a date (its midnight, UTC), as milliseconds since the epoch. */
const instant = z.pipe(
  z.union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    "Must be a date or an ISO-8601 time with its offset",
  ),
  z.transform((given) => new Date(given).getTime()),
);

/** A JSON object as the query carries it. Keys named `__proto__` are own keys, as JSON.parse leaves them. */
const containment = z.pipe(
  z.string("Must be given once").check(z.maxLength(MAX_TEXT, `Must have at most ${MAX_TEXT} characters`)),
  z.transform((given, context): Json => {
    const complain = (message: string) => {
      context.issues.push({ code: "custom", message, input: given });
      return z.NEVER;
    };
    let value: unknown;
    try {
      value = JSON.parse(given);
    } catch {
      return complain("Must be valid JSON");
    }
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return complain("Must be a JSON object");
    const { depth, values } = extentOf(value);
    if (depth > MAX_DEPTH) return complain(`Must be nested at most ${MAX_DEPTH} levels deep`);
    if (values > MAX_VALUES) return complain(`Must be made of at most ${MAX_VALUES} values`);
    return value as Json;
  }),
);

const filters = {
  status: z.optional(z.enum(REQUEST_STATUSES, `Must be one of ${REQUEST_STATUSES.join(", ")}`)),
  node_id: z.optional(nodeId),
  client_id: z.optional(
    z
      .string("Must be given once")
      .check(
        z.minLength(1, "Must not be empty"),
        z.maxLength(MAX_CLIENT_ID, `Must have at most ${MAX_CLIENT_ID} characters`),
      ),
  ),
  since: z.optional(instant),
  until: z.optional(instant),
  /** A geohash: what it begins with is a cell, and what lies in it. */
  cell: z.optional(
    z
      .string("Must be given once")
      .check(z.regex(/^[0-9b-hjkmnp-z]{1,9}$/, "Must be a geohash of 1 to 9 characters")),
  ),
  q: z.optional(containment),
};

interface Range {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const isInOrder = ({ since, until }: Range) => (since ?? 0) <= (until ?? Number.POSITIVE_INFINITY);
const outOfOrder = { error: "Must not be after until", path: ["since"] };

/** Filters that all must match. `since` and `until` are included. */
export const listInput = z
  .object({ ...filters, limit: pageLimit, cursor })
  .check(z.refine(isInOrder, outOfOrder));
export type Asked = Omit<z.output<typeof listInput>, "limit" | "cursor">;

export const byId = z.object({
  id: z.string().check(z.minLength(1), z.maxLength(128, "Must have at most 128 characters")),
});

export const FORMATS = ["json", "ndjson", "csv"] as const;
export type Format = (typeof FORMATS)[number];

const MOST_EXPORTED = 10_000_000;
const exportLimit = z.coerce.number(`Must be a whole number from 1 to ${MOST_EXPORTED}`).check(
  z.refine((given) => Number.isInteger(given) && given >= 1 && given <= MOST_EXPORTED, {
    error: `Must be a whole number from 1 to ${MOST_EXPORTED}`,
  }),
);

/** The filters of the list; `limit` is of the whole export, and none when left out. */
export const exportInput = z
  .object({
    format: z.prefault(z.enum(FORMATS, `Must be one of ${FORMATS.join(", ")}`), "json"),
    ...filters,
    limit: z.optional(exportLimit),
    cursor,
  })
  .check(z.refine(isInOrder, outOfOrder));
