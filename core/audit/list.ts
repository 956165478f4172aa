import * as z from "zod/mini";
import type { Ctx } from "../ctx.ts";
import { iso } from "../id.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import type { Condition, Item } from "../store/index.ts";
import { indexShard, newestAcross, type Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { AUDIT, rowOfItem, SHARDS } from "./items.ts";
import { type Asked, type AuditView, listInput } from "./schema.ts";

/** Rows read for one page, those that the filter drops included; then the page is cut short, and its cursor goes on. */
const BUDGET = 20_000;
/** Clocks of several functions differ by less. */
const SKEW_MS = 60_000;
const DAY_MS = 86_400_000;

const CURSOR = "audit";
export const place = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));

/**
 * The audit, newest first. All filters must match. A page may hold fewer than `limit`, or none, where much had to be read for it: it is
 * the last only when it has no `next`.
 *
 * @throws Malformed for a cursor that this listing did not give.
 */
export const list = verb(listInput, async (ctx, { limit, cursor, ...asked }): Promise<Page<AuditView>> => {
  const before = cursor === undefined ? undefined : decodeCursor(CURSOR, place, cursor);
  const { items, stoppedAt } = await pageOf(ctx, asked, before, limit);
  return {
    items: items.map(viewOfItem),
    next: stoppedAt === undefined ? undefined : encodeCursor(CURSOR, stoppedAt),
  };
});

/** Items of one page, and the id to go on below; undefined when there is nothing more. */
export function pageOf(
  ctx: Ctx,
  asked: Asked,
  before: string | undefined,
  limit: number,
): Promise<{ items: Item[]; stoppedAt: string | undefined }> {
  const now = ctx.now();
  const kept = now - ctx.config.ARX_AUDIT_RETENTION_DAYS * DAY_MS;
  const newest = leastIdAt(Math.min(asked.until ?? Number.POSITIVE_INFINITY, now + SKEW_MS) + 1);
  const shards = SHARDS.map((value) =>
    indexShard(ctx.store, AUDIT, {
      partition: { attribute: "shard", value },
      sort: "id",
      since: leastIdAt(Math.max(asked.since ?? 0, kept)),
      filter: filterOf(asked),
    }),
  );
  return newestAcross(shards, {
    keyOf: (item) => item.id as string,
    before: before !== undefined && before < newest ? before : newest,
    limit,
    budget: BUDGET,
  });
}

export function viewOfItem(item: Item): AuditView {
  const { id, at, actor, action, target, result, request_id, address, detail } = rowOfItem(item);
  return {
    id,
    at: iso(at),
    actor,
    action,
    target,
    result,
    request_id,
    address: address ?? null,
    detail: detail === undefined ? null : (JSON.parse(detail) as Record<string, unknown>),
  };
}

/** What every UUIDv7 made in this millisecond is not less than. */
function leastIdAt(ms: number): string {
  const hex = Math.min(Math.max(ms, 0), 0xffff_ffff_ffff).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

function filterOf({ actor, action, target, result }: Asked): Condition | undefined {
  const wanted = Object.entries({ actor, action, target, result }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  if (wanted.length === 0) return undefined;
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const parts = wanted.map(({ name, value }) => {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    const mark = KIND_ENDS_WITH[name];
    if (mark === undefined || value.includes(mark)) return `#${name} = :${name}`;
    values[`:${name}_kind`] = `${value}${mark}`;
    return `(#${name} = :${name} OR begins_with(#${name}, :${name}_kind))`;
  });
  return { expression: parts.join(" AND "), names, values };
}

/** Where the kind of an actor ends and its id begins, and the thing of an action and its verb. */
const KIND_ENDS_WITH: Readonly<Record<string, string>> = { actor: ":", action: "." };
