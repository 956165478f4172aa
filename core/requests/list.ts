import * as z from "zod/mini";
import type { Ctx } from "../ctx.ts";
import { Malformed, NotFound } from "../errors.ts";
import { iso } from "../id.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import { type Condition, getItem, type Item } from "../store/index.ts";
import { newestAcross, type Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { type Budget, openAccount } from "./budget.ts";
import { openCalendar, startOfHour } from "./calendar.ts";
import { contains, type Json } from "./contains.ts";
import { hourShards, placeAfter, placeOf } from "./hours.ts";
import { hourAt, isRequestId, keyOf, MADE_WITHIN_MS, REQUESTS } from "./items.ts";
import { type Asked, byId, listInput } from "./schema.ts";
import { fieldsOfItem } from "./stored.ts";
import { type RequestView, viewOf } from "./view.ts";

const MIB = 1024 * 1024;
/** What an answer may hold, as a Lambda hands it over: 6 MB is AWS's limit. */
export const MAX_ANSWER_BYTES = 4 * MIB;
const LIST_BUDGET: Budget = { read: 32 * MIB, kept: MAX_ANSWER_BYTES, queries: 20_000, ms: 8000 };
/** Idle rounds after which the merge sees that an account is spent; it counts what is asked for, whatever comes. */
const MERGE_BUDGET = 1_000_000;
/** Clocks of several functions differ by less. */
const SKEW_MS = 60_000;
const DAY_MS = 86_400_000;

const CURSOR = "requests";
/** Where a listing stopped: a request's place, or the end of an hour. */
export const place = z.string().check(
  z.regex(/^\d{4}-\d\d-\d\dT\d\d#([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/),
  z.refine((given) => !Number.isNaN(startOfHour(given.slice(0, 13)))),
);

/**
 * Routing requests, newest first. All filters must match; `q` matches when the request, the response or the metadata contains it. A page
 * may hold fewer than `limit`, or none, where much had to be read for it: it is the last only when it has no `next`. None is skipped and
 * none repeated, whatever is recorded meanwhile; one recorded this very moment may be missing.
 *
 * @throws Malformed for a cursor that this listing did not give.
 */
export const list = verb(listInput, async (ctx, { limit, cursor, ...asked }): Promise<Page<RequestView>> => {
  const before = cursor === undefined ? undefined : readCursor(CURSOR, place, cursor);
  const { items, stoppedAt } = await pageOf(ctx, asked, { before, limit, budget: LIST_BUDGET });
  const page = fitting(items, viewOf, (view) => JSON.stringify(view), MAX_ANSWER_BYTES);
  const next = page.cut ?? stoppedAt;
  return { items: page.made, next: next === undefined ? undefined : encodeCursor(CURSOR, next) };
});

/**
 * One routing request, whole.
 *
 * @throws NotFound when there is none, or none any more.
 */
export const get = verb(byId, async (ctx, { id }): Promise<RequestView> => {
  const item = isRequestId(id) ? await getItem(ctx.store, REQUESTS, keyOf(id)) : null;
  if (!item || (item.expires_at as number) * 1000 <= ctx.now()) {
    throw new NotFound(`There is no request ${id}, or none any more.`);
  }
  return viewOf(item);
});

/** As `decodeCursor`, naming the field. */
export function readCursor<S extends z.core.$ZodType>(kind: string, schema: S, text: string): z.output<S> {
  try {
    return decodeCursor(kind, schema, text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed(error.message, [{ path: "cursor", message: "Must be one that this listing gave" }]);
  }
}

export interface PageOptions {
  /** Place to go on below. */
  readonly before: string | undefined;
  readonly limit: number;
  readonly budget: Budget;
}

/** One page of items, and the place to go on below; undefined when there is nothing more. */
export async function pageOf(
  ctx: Ctx,
  asked: Asked,
  { before, limit, budget }: PageOptions,
): Promise<{ items: Item[]; stoppedAt: string | undefined }> {
  const now = ctx.now();
  const since = Math.max(asked.since ?? 0, now - ctx.config.REQUEST_RETENTION_DAYS * DAY_MS);
  const newest = placeAfter(Math.min(asked.until ?? Number.POSITIVE_INFINITY, now + SKEW_MS));
  const start = before !== undefined && before < newest ? before : newest;
  // Places go by ids, and `created_at` is up to this much later than its id's own millisecond, never earlier.
  const oldestId = since - MADE_WITHIN_MS;
  const shards = hourShards({
    store: ctx.store,
    calendar: openCalendar(ctx.store, start.slice(0, 13), hourAt(oldestId)),
    since: oldestId,
    filter: filterOf(asked, since),
    keep: asked.q === undefined ? () => true : matching(asked.q),
    account: openAccount(budget, () => performance.now()),
  });
  return newestAcross(shards, {
    keyOf: placeOf,
    before: start,
    limit,
    budget: MERGE_BUDGET,
  });
}

/** What DynamoDB itself can tell of a request. */
function filterOf(asked: Asked, since: number): Condition {
  const parts = ["#created_at >= :since"];
  const names: Record<string, string> = { "#created_at": "created_at" };
  const values: Record<string, unknown> = { ":since": iso(since) };
  const must = (attribute: string, value: unknown, expression: (name: string, value: string) => string) => {
    if (value === undefined) return;
    names[`#${attribute}`] = attribute;
    values[`:${attribute}`] = value;
    parts.push(expression(`#${attribute}`, `:${attribute}`));
  };
  const equals = (name: string, value: string) => `${name} = ${value}`;
  must("status", asked.status, equals);
  must("selected_node_id", asked.node_id, equals);
  must("client_id", asked.client_id, equals);
  must("geohash", asked.cell, (name, value) => `begins_with(${name}, ${value})`);
  must(
    "created_at",
    asked.until === undefined ? undefined : iso(asked.until),
    (name, value) => `${name} <= ${value}`,
  );
  return { expression: parts.join(" AND "), names, values };
}

function matching(q: Json): (item: Item) => boolean {
  return (item) => {
    const { request_data, response_data, metadata } = fieldsOfItem(item);
    return [request_data, response_data, metadata].some((one) => contains(one, q));
  };
}

/**
 * As many of `items`, one at least, as fit into an answer; `cut` is the place of the last of them when there are more.
 *
 * @param encode the text that stands for one in the answer
 */
export function fitting<T>(
  items: readonly Item[],
  make: (item: Item) => T,
  encode: (made: T) => string,
  maxBytes: number,
): { made: T[]; cut: string | undefined } {
  const made: T[] = [];
  let bytes = 0;
  for (const [at, item] of items.entries()) {
    const one = make(item);
    bytes += answerBytes(encode(one));
    if (bytes > maxBytes && at > 0) return { made, cut: placeOf(items[at - 1]!) };
    made.push(one);
  }
  return { made, cut: undefined };
}

/** Bytes of a text in a Lambda's answer, which is JSON itself: quotes and backslashes count twice there. */
function answerBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
