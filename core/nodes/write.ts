import { Cells } from "../cells/index.ts";
import { type Ctx, describeActor } from "../ctx.ts";
import { Conflict, NotFound, Stale, Unavailable } from "../errors.ts";
import { newId } from "../id.ts";
import { ifMatchAllows } from "./etag.ts";
import { deleteNode, getNode, insertNode, ledgerPage, replaceNode } from "./items.ts";
import { rowOf } from "./ledger.ts";
import { concernsCells, memberSource, touchOf } from "./member.ts";
import type { NodeRecord } from "./record.ts";

/** A change as decided on one revision; null when there is nothing to change. */
export interface Revision {
  readonly after: NodeRecord;
  readonly evidence?: string | undefined;
}

/** Tries a write has: each one lost means that another was taken. */
const TRIES = 6;

/**
 * Makes a node with `make`, which gets its id (a new one unless `chosen`), the time of its creation and its epoch.
 *
 * @throws Conflict when the id is taken.
 */
export async function insert(
  ctx: Ctx,
  chosen: string | undefined,
  make: (id: string, at: number, epoch: number) => NodeRecord,
  evidence?: string,
): Promise<NodeRecord> {
  const id = chosen ?? newId(ctx);
  for (let tries = 1; ; tries++) {
    const { at, epoch } = chosen === undefined ? { at: ctx.now(), epoch: 1 } : await beginning(ctx, id);
    const after = make(id, at, epoch);
    const row = rowOf(null, after, at, { by: describeActor(ctx.actor), evidence, random: ctx.random })!;
    if (await insertNode(ctx.store, after, row)) {
      await tellCells(ctx, null, after);
      return after;
    }
    const taken = await getNode(ctx.store, id, { consistent: true });
    if (taken || tries === TRIES) throw new Conflict(`There is a node ${id} already.`);
    await pause(ctx, tries);
  }
}

/**
 * When a node under this id begins, and in which epoch: after the last word of its ledger, so that whoever heard of a deleted node of this
 * id, on a clock that runs ahead, takes the new one for newer.
 */
async function beginning(ctx: Ctx, id: string): Promise<{ at: number; epoch: number }> {
  const now = ctx.now();
  const { rows } = await ledgerPage(ctx.store, id, {}, 1, { consistent: true });
  const last = rows[0];
  return last ? { at: Math.max(now, last.at + 1), epoch: last.epoch + 1 } : { at: now, epoch: 1 };
}

/**
 * Changes a node as `decide` says, which gets the newest revision and the time of the change; tries again when another was first, unless
 * `if_match` names the revision (SPEC N13).
 *
 * @returns the record as it then is; `changed` tells whether it was written.
 * @throws NotFound, Stale, Conflict when others keep being first, and what `decide` throws.
 */
export async function revise(
  ctx: Ctx,
  asked: { readonly id: string; readonly if_match?: string | undefined },
  decide: (before: NodeRecord, at: number) => Revision | null,
): Promise<{ record: NodeRecord; changed: boolean }> {
  for (let tries = 1; ; tries++) {
    const before = await newest(ctx, asked);
    const at = Math.max(ctx.now(), before.updated_at);
    const revision = decide(before, at);
    if (!revision) return { record: before, changed: false };
    const after = { ...revision.after, updated_at: at, revision: before.revision + 1 };
    const cause = { by: describeActor(ctx.actor), evidence: revision.evidence, random: ctx.random };
    if (await replaceNode(ctx.store, before, after, rowOf(before, after, at, cause))) {
      await tellCells(ctx, before, after);
      return { record: after, changed: true };
    }
    await lost(ctx, asked, tries);
  }
}

/** Deletes a node; its ledger stays. @throws as `revise` does. */
export async function erase(
  ctx: Ctx,
  asked: { readonly id: string; readonly if_match?: string | undefined },
): Promise<NodeRecord> {
  for (let tries = 1; ; tries++) {
    const before = await newest(ctx, asked);
    const at = Math.max(ctx.now(), before.updated_at);
    const row = rowOf(before, null, at, { by: describeActor(ctx.actor), random: ctx.random })!;
    if (await deleteNode(ctx.store, before, row)) {
      await tellCells(ctx, before, null);
      return before;
    }
    await lost(ctx, asked, tries);
  }
}

async function newest(
  ctx: Ctx,
  { id, if_match }: { readonly id: string; readonly if_match?: string | undefined },
): Promise<NodeRecord> {
  const record = await getNode(ctx.store, id, { consistent: true });
  if (!record) throw new NotFound(`There is no node ${id}.`);
  if (ifMatchAllows(if_match, record.revision)) return record;
  throw new Stale(`The node has changed: its revision is ${record.revision} now.`);
}

/** Brings the cells in line at once. Where that fails, the stream of the nodes does it: the write stands, and says so. */
async function tellCells(ctx: Ctx, before: NodeRecord | null, after: NodeRecord | null): Promise<void> {
  if (!concernsCells(before, after)) return;
  try {
    await Cells.reflect(ctx, [touchOf(before, after)], memberSource(ctx));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    ctx.log.warn("A node's change waits for the stream to reach its cell", {
      node_id: (after ?? before)?.id,
    });
  }
}

/** What follows a lost write: a wait before the next try, or the end. One that names its revision ends when it reads the newer one. */
async function lost(ctx: Ctx, asked: { readonly id: string }, tries: number): Promise<void> {
  if (tries === TRIES) throw new Conflict(`The node ${asked.id} is being changed by others; try again.`);
  await pause(ctx, tries);
}

/** Up to 20 ms after the first lost write, doubling, so that rivals part ways. */
function pause(ctx: Ctx, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.random() * 10 * 2 ** tries));
}
