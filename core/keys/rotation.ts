import type { NodeKey, NodeKeys } from "./record.ts";

/* How a node's keys change: plain functions from what there is to the next. None touches the store or the clock. */

/** The keys of a new node. */
export function first(nodeId: string, keyId: string, key: NodeKey): NodeKeys {
  return { node_id: nodeId, keys: { [keyId]: key }, version: 1 };
}

/**
 * The keys once `key` is the newest: beside it one stays, until `until`. That is the newest one that was ever used, else the newest: a
 * rotation whose answer was lost, and is made again, does not take away the key that the node has.
 */
export function rotated(before: NodeKeys, keyId: string, key: NodeKey, now: number, until: number): NodeKeys {
  const live = Object.entries(before.keys).filter(([, one]) => isLive(one, now));
  const used = live.filter(([, one]) => one.last_used_at !== undefined);
  const kept = newestOf(used.length > 0 ? used : live);
  const staying = kept && until > now ? { [kept[0]]: expiring(kept[1], until) } : {};
  // Later than every other, whatever the clocks: the newest is told by it.
  const created_at = Math.max(key.created_at, ...live.map(([, one]) => one.created_at + 1));
  return { ...before, keys: { ...staying, [keyId]: { ...key, created_at } }, version: before.version + 1 };
}

/** The keys without one of them, or without any; null when that changes nothing. */
export function revoked(before: NodeKeys, keyId: string | undefined): NodeKeys | null {
  const keys = Object.fromEntries(
    Object.entries(before.keys).filter(([id]) => keyId !== undefined && id !== keyId),
  );
  if (Object.keys(keys).length === Object.keys(before.keys).length) return null;
  return { ...before, keys, version: before.version + 1 };
}

export function isLive(key: { readonly expires_at?: number | undefined }, now: number): boolean {
  return key.expires_at === undefined || key.expires_at > now;
}

/** A key that already has an end does not get a later one. */
function expiring(key: NodeKey, until: number): NodeKey {
  return { ...key, expires_at: Math.min(key.expires_at ?? until, until) };
}

function newestOf(keys: readonly (readonly [string, NodeKey])[]): readonly [string, NodeKey] | undefined {
  return keys.reduce<readonly [string, NodeKey] | undefined>(
    (best, one) => (best === undefined || one[1].created_at > best[1].created_at ? one : best),
    undefined,
  );
}
