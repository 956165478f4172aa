import { getItem, type Store, type TransactItem, transactPut } from "../store/index.ts";
import { CREDENTIALS, goneAt, isAbsent, joinTokenOf, keyOf, spentKey } from "./items.ts";

/* The uses of a join token. Each is taken in the transaction that makes the node, together with a note of whom it was taken for. */

/** Takes one use; the transaction fails when none is left, or the token is gone or has expired. */
export function takeUse(store: Store, tokenId: string, now: number): TransactItem {
  return {
    Update: {
      TableName: store.table(CREDENTIALS),
      Key: keyOf("join", tokenId),
      UpdateExpression: "SET uses_left = uses_left - :one, last_used_at = :now",
      ConditionExpression: "uses_left >= :one AND expires_at > :now",
      ExpressionAttributeValues: { ":one": 1, ":now": now },
    },
  };
}

/** Notes that a use made this node of a claimant; the transaction fails unless `before` is the node that was noted so far. */
export function noteUse(
  store: Store,
  tokenId: string,
  claimant: string,
  said: { readonly node_id: string; readonly before: string | null; readonly expiresAt: number },
): TransactItem {
  const { node_id, before, expiresAt } = said;
  return transactPut(
    store,
    CREDENTIALS,
    { ...spentKey(tokenId, claimant), node_id, gone_at: goneAt(expiresAt) },
    before === null ? isAbsent : { expression: "node_id = :before", values: { ":before": before } },
  );
}

/** The node that a use made of a claimant; null when none did. */
export async function notedNode(store: Store, tokenId: string, claimant: string): Promise<string | null> {
  const note = await getItem(store, CREDENTIALS, spentKey(tokenId, claimant), { consistent: true });
  return note && (note.node_id as string);
}

/** Whether a token has a use left at this moment. */
export async function hasUse(store: Store, tokenId: string, now: number): Promise<boolean> {
  const item = await getItem(store, CREDENTIALS, keyOf("join", tokenId), { consistent: true });
  if (!item) return false;
  const { uses_left, expires_at } = joinTokenOf(item);
  return uses_left >= 1 && expires_at > now;
}
