import type { Ctx } from "../ctx.ts";
import { NotFound } from "../errors.ts";
import { verb } from "../verb.ts";
import type { Health, Transition } from "./lifecycle.ts";
import type { NodeRecord } from "./record.ts";
import { drained, flipped, transitioned } from "./revise.ts";
import { byIdIfMatch, drainInput } from "./schema.ts";
import { type ChangedView, changedViewOf } from "./view.ts";
import { revise } from "./write.ts";

/** Makes a node active, its health unknown again (SPEC N4). @throws NotFound, Stale, Malformed when it is active. */
export const activate = verb(byIdIfMatch, (ctx, asked) => operate(ctx, "activate", asked));

/** Takes a node out of the pool (SPEC N5). @throws NotFound, Stale, Conflict. */
export const deactivate = verb(byIdIfMatch, (ctx, asked) => operate(ctx, "deactivate", asked));

/** Forbids a node until it is activated again (SPEC N7). @throws NotFound, Stale, Conflict. */
export const disable = verb(byIdIfMatch, (ctx, asked) => operate(ctx, "disable", asked));

/**
 * Sends a node nothing new; it becomes inactive when it is empty, or after `deadline_s` (SPEC N6).
 *
 * @throws NotFound, Stale, Conflict.
 */
export const drain = verb(drainInput, (ctx, { deadline_s, ...asked }) =>
  operate(ctx, "drain", asked, deadline_s),
);

const MESSAGES: Readonly<Record<Transition, string>> = {
  activate: "The node is active.",
  deactivate: "The node is inactive.",
  drain: "The node is draining.",
  disable: "The node is disabled.",
};

async function operate(
  ctx: Ctx,
  kind: Transition,
  asked: { readonly id: string; readonly if_match?: string | undefined },
  deadlineS = 0,
): Promise<ChangedView> {
  const { record } = await revise(ctx, asked, (before, at) => ({
    after: transitioned(before, kind, at + deadlineS * 1000),
  }));
  return changedViewOf(record, MESSAGES[kind]);
}

/** What a sweep found of a node whose health is no longer what it was. */
export interface Flip {
  readonly id: string;
  /** The epoch that was observed. */
  readonly epoch: number;
  readonly health: Health;
  readonly evidence: string;
}

/**
 * Sets the health that a sweep found (SPEC H2–H5), with its ledger row. Told twice, or of a node that is gone, no longer watched, or
 * observed anew since, it changes nothing.
 *
 * @returns the record, or null when nothing changed.
 */
export function flip(ctx: Ctx, { id, epoch, health, evidence }: Flip): Promise<NodeRecord | null> {
  return observed(ctx, id, evidence, (before) => flipped(before, epoch, health));
}

/**
 * Ends a node's drain: it is inactive then (SPEC N8). With `epoch`, only the drain of that epoch. Told twice, or of a node that is gone
 * or no longer draining, it changes nothing.
 *
 * @returns the record, or null when nothing changed.
 */
export function settleDrain(
  ctx: Ctx,
  { id, evidence, epoch }: { readonly id: string; readonly evidence: string; readonly epoch?: number },
): Promise<NodeRecord | null> {
  return observed(ctx, id, evidence, (before) => drained(before, epoch));
}

async function observed(
  ctx: Ctx,
  id: string,
  evidence: string,
  decide: (before: NodeRecord) => NodeRecord | null,
): Promise<NodeRecord | null> {
  try {
    const { record, changed } = await revise(ctx, { id }, (before) => {
      const after = decide(before);
      return after && { after, evidence };
    });
    return changed ? record : null;
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
