import * as z from "zod/mini";
import { type Ctx, hasScope } from "../ctx.ts";
import { Malformed } from "../errors.ts";
import type { Position } from "../geo/index.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import { newestAcross, type Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { filterOf } from "./filter.ts";
import { allNodes, nodeOfItem, nodeShards } from "./items.ts";
import { nearestAfter } from "./near.ts";
import type { NodeRecord } from "./record.ts";
import { listInput } from "./schema.ts";
import { observations } from "./seen.ts";
import { type NodeSummary, type NodeView, summaryOf, viewOf } from "./view.ts";

type Asked = z.output<typeof listInput>;

/** A node of a listing; `distance_km` where the listing is by distance. */
interface Listed {
  readonly record: NodeRecord;
  readonly distance_km?: number | null;
}

/**
 * Nodes, newest first, or by their distance from `near`. Summaries for anyone, whole for whoever may see that.
 *
 * @throws Malformed for a cursor that this listing did not give.
 */
export const list = verb(listInput, async (ctx, asked): Promise<Page<NodeSummary | NodeView>> => {
  if (hasScope(ctx.actor, "nodes:read")) return wholePage(ctx, asked);
  const { items, next } = await listed(ctx, asked);
  return { items: items.map(({ record, ...distance }) => ({ ...summaryOf(record), ...distance })), next };
});

/** As `list`, whole nodes with what was last observed of each. */
export const listWhole = verb(listInput, wholePage);

async function wholePage(ctx: Ctx, asked: Asked): Promise<Page<NodeView>> {
  const { items, next } = await listed(ctx, asked);
  const seen = await observations(
    ctx,
    items.map(({ record }) => record),
  );
  return {
    items: items.map(({ record, ...distance }) => ({ ...viewOf(record, seen.get(record.id)), ...distance })),
    next,
  };
}

function listed(ctx: Ctx, asked: Asked): Promise<Page<Listed>> {
  return asked.near ? byDistance(ctx, asked, asked.near) : byAge(ctx, asked);
}

/** Nodes read for one page, those that the filter drops included; then the page is cut short, and its cursor goes on. */
const BUDGET = 20_000;
const NEWEST = "nodes";
const newestPlace = z.string().check(z.regex(/^\d{13}#[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/));

async function byAge({ store }: Ctx, asked: Asked): Promise<Page<Listed>> {
  const { items, stoppedAt } = await newestAcross(nodeShards(store, filterOf(asked)), {
    keyOf: (item) => item.newest as string,
    before: asked.cursor === undefined ? undefined : decodeCursor(NEWEST, newestPlace, asked.cursor),
    limit: asked.limit,
    budget: BUDGET,
  });
  return {
    items: items.map((item) => ({ record: nodeOfItem(item) })),
    next: stoppedAt === undefined ? undefined : encodeCursor(NEWEST, stoppedAt),
  };
}

const NEAR = "nodes-near";
const nearPlace = z.tuple([z.number(), z.number(), z.nullable(z.number()), z.string()]);

/** Reads every node that matches, since those that are not watched are in no cell: its cost grows with the fleet. */
async function byDistance({ store }: Ctx, asked: Asked, near: Position): Promise<Page<Listed>> {
  const { limit, cursor } = asked;
  const after = cursor === undefined ? undefined : nearCursor(cursor, near);
  const ranked = await nearestAfter(allNodes(store, filterOf(asked)), near, after, limit + 1);
  const last = ranked[limit - 1];
  return {
    items: ranked.slice(0, limit).map(({ record, distance_km }) => ({ record, distance_km })),
    next:
      ranked.length > limit && last
        ? encodeCursor(NEAR, [near.lat, near.lng, last.distance_km, last.id])
        : undefined,
  };
}

function nearCursor(cursor: string, near: Position) {
  const [lat, lng, distance_km, id] = decodeCursor(NEAR, nearPlace, cursor);
  // A cursor of another place would skip nodes unseen.
  if (lat !== near.lat || lng !== near.lng)
    throw new Malformed("The cursor is of a listing near another place.");
  return { distance_km, id };
}
