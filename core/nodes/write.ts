import { isDeepStrictEqual } from "node:util";
import { Audit } from "../audit/index.ts";
import { Cells } from "../cells/index.ts";
import { type Ctx, describeActor } from "../ctx.ts";
import { Conflict, NotFound, Stale, Unavailable } from "../errors.ts";
import { newId } from "../id.ts";
import { Keys } from "../keys/index.ts";
import type { TransactItem } from "../store/index.ts";
import { withoutCredentials } from "./credentials.ts";
import { ifMatchAllows } from "./etag.ts";
import { deleteNode, getNode, insertNode, ledgerPage, replaceNode } from "./items.ts";
import { rowOf } from "./ledger.ts";
import { concernsCells, memberSource, touchOf } from "./member.ts";
import type { NodeRecord } from "./record.ts";

/** A change as decided on one revision; null when there is nothing to change. */
export interface Revision {
  readonly after: NodeRecord;
  readonly evidence?: string | undefined;
  /** What else is to stand or fall with it. */
  readonly also?: readonly TransactItem[];
}

/** Tries a write has: each one lost means that another was taken. */
const TRIES = 6;
/** Where many are made at once under one join token: the last tries are a second apart. */
const JOINING_TRIES = 14;

/**
 * Makes a node with `make`, which gets its id (a new one unless `chosen`), the time of its creation and its epoch.
 *
 * @throws Conflict when the id is taken, Unavailable when others keep being first, and what `make` throws.
 */
export async function insert(
  ctx: Ctx,
  chosen: string | undefined,
  make: (
    id: string,
    at: number,
    epoch: number,
  ) => Promise<{ record: NodeRecord; also: readonly TransactItem[] }>,
  evidence?: string,
): Promise<NodeRecord> {
  const id = chosen ?? newId(ctx);
  const last = ctx.actor.kind === "machine" ? JOINING_TRIES : TRIES;
  for (let tries = 1; ; tries++) {
    const { at, epoch } = chosen === undefined ? { at: ctx.now(), epoch: 1 } : await beginning(ctx, id);
    const { record: after, also } = await make(id, at, epoch);
    const row = rowOf(null, after, at, { by: describeActor(ctx.actor), evidence, random: ctx.random })!;
    const audit = auditOf(ctx, "node.create", id, { status: row.to });
    if (await insertNode(ctx.store, after, row, [...also, ...audit])) {
      await tellCells(ctx, null, after);
      return after;
    }
    if (await getNode(ctx.store, id, { consistent: true })) {
      throw new Conflict(`There is a node ${id} already.`);
    }
    if (tries === last) throw new Unavailable("Too many nodes are made at this moment; try again.");
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
  decide: (before: NodeRecord, at: number) => Revision | null | Promise<Revision | null>,
): Promise<{ record: NodeRecord; changed: boolean }> {
  for (let tries = 1; ; tries++) {
    const before = await newest(ctx, asked);
    const at = Math.max(ctx.now(), before.updated_at);
    const revision = await decide(before, at);
    if (!revision) return { record: before, changed: false };
    const after = { ...revision.after, updated_at: at, revision: before.revision + 1 };
    const cause = { by: describeActor(ctx.actor), evidence: revision.evidence, random: ctx.random };
    const changed = fieldsThatDiffer(before, after);
    const also = [
      ...(revision.also ?? []),
      ...auditOf(ctx, "node.update", before.id, { changed, revision: after.revision }),
    ];
    if (await replaceNode(ctx.store, before, after, rowOf(before, after, at, cause), also)) {
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
    const also = [
      Keys.withoutNodeKeys(ctx, before.id),
      ...withoutCredentials(ctx, before),
      ...auditOf(ctx, "node.delete", before.id, {}),
    ];
    if (await deleteNode(ctx.store, before, row, also)) {
      await tellCells(ctx, before, null);
      return before;
    }
    await lost(ctx, asked, tries);
  }
}

/** What callers do is audited; what Arx itself observes is in the ledger. */
function auditOf(
  ctx: Ctx,
  action: `node.${string}`,
  target: string,
  detail: NonNullable<Parameters<typeof Audit.auditRow>[1]["detail"]>,
): TransactItem[] {
  if (ctx.actor.kind === "system") return [];
  return [Audit.auditRow(ctx, { action, target, result: "done", detail })];
}

/** Names of what a change changed; the values may be anybody's. */
function fieldsThatDiffer(before: NodeRecord, after: NodeRecord): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differs = (name: string) =>
    !isDeepStrictEqual(before[name as keyof NodeRecord], after[name as keyof NodeRecord]);
  return [...names]
    .filter((name) => name !== "updated_at" && name !== "revision" && differs(name))
    .map((name) => (name === "credentials_revision" ? "credentials" : name))
    .sort();
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

/** Up to 20 ms after the first lost write, doubling to a second, so that rivals part ways. */
function pause(ctx: Ctx, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.random() * Math.min(1000, 10 * 2 ** tries)));
}
