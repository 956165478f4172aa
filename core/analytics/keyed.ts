import type { Ctx } from "../ctx.ts";
import { type Cube, type Dimension, type Measures, Rollups } from "../rollups/index.ts";
import { verb } from "../verb.ts";
import { measured, percent, rangeOf, told } from "./range.ts";
import { pageOf, placeOf } from "./rank.ts";
import { type ClientsView, type ErrorsView, type NodesView, rankedInput } from "./schema.ts";

/** A page of a ranking; `next` is the cursor of the page after it. */
export type Ranked<View> = View & { readonly next: string | undefined };

interface Asked {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A page of one dimension's keys, those with most requests first, and the counts of everything beside. */
async function ranked(ctx: Ctx, asked: Asked, dimension: Dimension) {
  const kind = `analytics-${dimension}`;
  const place = placeOf(kind, asked.cursor);
  const range = place?.range ?? rangeOf(ctx, asked);
  const counted = await Rollups.read(ctx, range, [dimension]);
  const keys: ReadonlyMap<string, Measures> = counted.cube.by[dimension];
  const { page, next } = pageOf(kind, keys, ({ requests }) => requests, {
    range,
    after: place?.after,
    limit: asked.limit,
  });
  const cube: Cube = counted.cube;
  return { told: { ...told(counted), total: keys.size }, page, next, cube };
}

/** Counts by client, the busiest first; requests of clients that do not say who they are stand under null. */
export const clients = verb(rankedInput, async (ctx, asked): Promise<Ranked<ClientsView>> => {
  const { told, page, next } = await ranked(ctx, asked, "clients");
  const clients = page.map(([key, one]) => ({ client_id: key === "" ? null : key, ...measured(one) }));
  return { ...told, clients, next };
});

/** Counts by node, the busiest first. A node's requests are those sent to it and every try that failed on it. */
export const nodes = verb(rankedInput, async (ctx, asked): Promise<Ranked<NodesView>> => {
  const { told, page, next } = await ranked(ctx, asked, "nodes");
  return { ...told, nodes: page.map(([node_id, one]) => ({ node_id, ...measured(one) })), next };
});

/** Why requests were rejected or failed, the most frequent first, with its share of all requests. */
export const errors = verb(rankedInput, async (ctx, asked): Promise<Ranked<ErrorsView>> => {
  const { told, page, next, cube } = await ranked(ctx, asked, "errors");
  const errors = page.map(([error, { requests }]) => ({
    error,
    requests,
    share: percent(requests, cube.total.requests),
  }));
  return { ...told, errors, next };
});
