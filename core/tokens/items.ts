import {
  getItem,
  putItem,
  type Store,
  type TableSpec,
  type TransactItem,
  transact,
  transactPut,
} from "../store/index.ts";
import type { Ring } from "./ring.ts";

/**
 * The keys that sign access tokens, by one access pattern: all of them at once → `id` = "access".
 *
 * They are one item, so that the first key is made once and a rotation replaces what it has seen: each is a put on the revision before it.
 */
export const SIGNING_KEYS: TableSpec = { name: "signing-keys", partitionKey: "id" };

const RING = { id: "access" };

/** The ring, newest writes included; null before the first key. */
export async function getRing(store: Store): Promise<Ring | null> {
  const item = await getItem(store, SIGNING_KEYS, RING, { consistent: true });
  return item && ({ revision: item.revision, keys: item.keys } as Ring);
}

/**
 * Writes the first ring.
 *
 * @param writeId of this write alone, so that a retry of it is known for what it is.
 * @returns false when there is one.
 */
export function insertRing(store: Store, ring: Ring, writeId: string): Promise<boolean> {
  const item = { ...RING, ...ring, write_id: writeId };
  return putItem(store, SIGNING_KEYS, item, { expression: "attribute_not_exists(id)" });
}

/** Writes a ring over `before`, and `also` with it. @returns false when another was written meanwhile. */
export function replaceRing(
  store: Store,
  before: Ring,
  after: Ring,
  also: readonly TransactItem[],
): Promise<boolean> {
  const put = transactPut(
    store,
    SIGNING_KEYS,
    { ...RING, ...after },
    {
      expression: "revision = :revision",
      values: { ":revision": before.revision },
    },
  );
  return transact(store, [put, ...also]);
}
