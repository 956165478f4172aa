import { type Ctx, describeActor } from "../ctx.ts";
import { Unavailable } from "../errors.ts";
import { newId, timeOfId } from "../id.ts";
import { type Item, putItem, type TransactItem, transactPut } from "../store/index.ts";
import { AUDIT, itemOfRow, type Result } from "./items.ts";
import { type Detail, redacted, redactedText } from "./redact.ts";

export interface Happening {
  /** `<thing>.<verb>`: `key.create`, `node.drain`, `login.refuse`. */
  readonly action: `${string}.${string}`;
  /** What it was done to: an id, or a word for what has none. Never a secret. */
  readonly target: string;
  readonly result: Result;
  readonly detail?: Detail;
  /** Who did it, where the call itself does not say: a login that is under way. */
  readonly actor?: string;
}

/** The row of a change, to be written in the change's own transaction: both stand, or neither. */
export function auditRow(ctx: Ctx, happening: Happening): TransactItem {
  return transactPut(ctx.store, AUDIT, itemOf(ctx, happening), {
    expression: "attribute_not_exists(id)",
  });
}

/**
 * Keeps what changed nothing: a refusal, a login. Where the store can't be reached it is logged instead, and whoever was refused gets the
 * refusal all the same.
 */
export async function record(ctx: Ctx, happening: Happening): Promise<void> {
  const item = itemOf(ctx, happening);
  try {
    await putItem(ctx.store, AUDIT, item);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { shard: _, expires_at: _e, ...row } = item;
    ctx.log.error("An audit row could not be stored", { row });
  }
}

function itemOf(ctx: Ctx, { action, target, result, detail, actor }: Happening): Item {
  const id = newId(ctx);
  const kept = detail && redacted(detail);
  return itemOfRow(
    {
      id,
      at: timeOfId(id),
      actor: actor ?? describeActor(ctx.actor),
      action,
      target: redactedText(target),
      result,
      request_id: ctx.requestId,
      ...(ctx.caller ? { address: ctx.caller.remoteAddr } : {}),
      ...(kept && Object.keys(kept).length > 0 ? { detail: JSON.stringify(kept) } : {}),
    },
    ctx.config.ARX_AUDIT_RETENTION_DAYS,
  );
}
