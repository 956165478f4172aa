import { type Item, putItem, queryPage, type Store, type TableSpec } from "../store/index.ts";

/**
 * The log of events, by these access patterns:
 *
 * - append the entry after the newest one known: one put, on its number being free
 * - the entries after a number, in order; the newest entry → `log` = "log", by `seq`
 *
 * One partition, so that the table's own stream tells of entries in their order: 1 MB a second of packed events.
 */
export const EVENTS: TableSpec = {
  name: "events",
  partitionKey: "log",
  sortKey: "seq",
  ttl: "expires_at",
  stream: true,
};

const LOG = "log";
/** Seconds that an entry can still be asked for; DynamoDB takes it away some time after. */
export const KEPT_S = 3600;

/** The number in an entry's sort key. */
export const seqOf = (key: string) => Number(key);

const sortable = (seq: number) => String(seq).padStart(14, "0");

/** An entry as it is stored. */
export interface StoredEntry {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Packed: what of each source is in the log up to here. */
  readonly sources: Uint8Array;
  /** Packed: the entry's facts and cells. */
  readonly body: Uint8Array;
}

/** Puts an entry. @returns false when its number is taken. */
export function putEntry(store: Store, entry: StoredEntry, writeId: string): Promise<boolean> {
  const item = {
    log: LOG,
    seq: sortable(entry.seq),
    at: entry.at,
    sources: entry.sources,
    body: entry.body,
    write_id: writeId,
    expires_at: Math.ceil(entry.at / 1000) + 2 * KEPT_S,
  };
  return putItem(store, EVENTS, item, {
    expression: "attribute_not_exists(#seq)",
    names: { "#seq": "seq" },
  });
}

/** The newest entry, or null while there is none. */
export async function newestEntry(store: Store): Promise<StoredEntry | null> {
  const { items } = await queryPage(store, EVENTS, {
    KeyConditionExpression: "#log = :log",
    ExpressionAttributeNames: { "#log": "log" },
    ExpressionAttributeValues: { ":log": LOG },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: 1,
  });
  return items[0] ? entryOfItem(items[0]) : null;
}

/** Up to `limit` entries after a number, in order; fewer where they are large (1 MB), none when there are none yet. */
export async function entriesAfter(store: Store, seq: number, limit: number): Promise<StoredEntry[]> {
  const { items } = await queryPage(store, EVENTS, {
    KeyConditionExpression: "#log = :log AND #seq > :seq",
    ExpressionAttributeNames: { "#log": "log", "#seq": "seq" },
    ExpressionAttributeValues: { ":log": LOG, ":seq": sortable(seq) },
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map(entryOfItem);
}

export function entryOfItem(item: Item): StoredEntry {
  return {
    seq: seqOf(item.seq as string),
    at: item.at as number,
    sources: item.sources as Uint8Array,
    body: item.body as Uint8Array,
  };
}
