import * as z from "zod/mini";
import type { Ctx } from "../ctx.ts";
import { NotFound } from "../errors.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import { verb } from "../verb.ts";
import { getNode, ledgerPage } from "./items.ts";
import { countFlaps } from "./ledger.ts";
import { transitionsInput } from "./schema.ts";
import { type TransitionsView, transitionViewOf } from "./view.ts";

const KIND = "transitions";
const place = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
const HOUR_MS = 3_600_000;

/**
 * A node's ledger, newest first, `since` and `until` included (SPEC N12), and how often it flapped within the last hour. That of a
 * deleted node is there as long as its rows are.
 *
 * @throws NotFound when there is neither node nor ledger, Malformed for a cursor that this listing did not give.
 */
export const transitions = verb(
  transitionsInput,
  async (
    ctx,
    { id, since, until, limit, cursor },
  ): Promise<TransitionsView & { next: string | undefined }> => {
    const before = cursor === undefined ? undefined : decodeCursor(KIND, place, cursor);
    const [{ rows, more }, flap_count] = await Promise.all([
      ledgerPage(ctx.store, id, { since, until, before }, limit),
      flapsOf(ctx, id),
    ]);
    if (rows.length === 0) await requireLedger(ctx, id);
    const last = rows.at(-1);
    return {
      node_id: id,
      flap_count,
      transitions: rows.map(transitionViewOf),
      next: more && last ? encodeCursor(KIND, last.id) : undefined,
    };
  },
);

async function requireLedger(ctx: Ctx, id: string): Promise<void> {
  const [{ rows }, node] = await Promise.all([ledgerPage(ctx.store, id, {}, 1), getNode(ctx.store, id)]);
  if (rows.length === 0 && !node) throw new NotFound(`There is no node ${id}.`);
}

async function flapsOf(ctx: Ctx, id: string): Promise<number> {
  let flaps = 0;
  let before: string | undefined;
  do {
    const { rows, more } = await ledgerPage(ctx.store, id, { since: ctx.now() - HOUR_MS, before }, 1000);
    flaps += countFlaps(rows);
    before = more ? rows.at(-1)?.id : undefined;
  } while (before !== undefined);
  return flaps;
}
