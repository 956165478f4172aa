import {
  type Condition,
  type Item,
  putItem,
  queryPage,
  type Store,
  type TableSpec,
  transact,
  transactPut,
} from "../store/index.ts";

/**
 * The log of events, by these access patterns:
 *
 * - append the entry after the newest one known: one put, on its number being free
 * - the entries after a number, in order; the newest entry → `log` = "log", by `seq`
 * - where the log last began, so that of all who would begin it one does → `log` = "beginning", one item
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
const BEGINNING = "beginning";
/** Seconds that an entry can still be asked for; DynamoDB takes it away some time after. */
export const KEPT_S = 3600;

/** The number in an entry's sort key. */
export const seqOf = (key: string) => Number(key);

const sortable = (seq: number) => String(seq).padStart(14, "0");
/** Far below the number of any entry: who is woken by the stream of a beginning reads on from there. */
const BEGINNING_SEQ = sortable(1_000_000);

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

const isFree: Condition = { expression: "attribute_not_exists(#seq)", names: { "#seq": "seq" } };

function itemOfEntry(entry: StoredEntry): Item {
  return {
    log: LOG,
    seq: sortable(entry.seq),
    at: entry.at,
    sources: entry.sources,
    body: entry.body,
    expires_at: Math.ceil(entry.at / 1000) + 2 * KEPT_S,
  };
}

/** Puts an entry. @returns false when its number is taken. */
export function putEntry(store: Store, entry: StoredEntry, writeId: string): Promise<boolean> {
  return putItem(store, EVENTS, { ...itemOfEntry(entry), write_id: writeId }, isFree);
}

/**
 * Puts an entry that nobody can tell the number of for sure, because what came before it is gone or about to go.
 *
 * @param beginning the one that was read before it was seen that the log is silent; null for none
 * @returns false when somebody else was first.
 */
export function putFirstEntry(store: Store, entry: StoredEntry, beginning: number | null): Promise<boolean> {
  const isLast: Condition = {
    expression: "#began = :read",
    names: { "#began": "began" },
    values: { ":read": beginning },
  };
  const mark = { log: BEGINNING, seq: BEGINNING_SEQ, began: entry.seq };
  return transact(store, [
    transactPut(store, EVENTS, itemOfEntry(entry), isFree),
    transactPut(store, EVENTS, mark, beginning === null ? isFree : isLast),
  ]);
}

/** The number that the log last began with; null for a log that never did. */
export async function lastBeginning(store: Store): Promise<number | null> {
  const { items } = await queryPage(store, EVENTS, {
    KeyConditionExpression: "#log = :log",
    ExpressionAttributeNames: { "#log": "log" },
    ExpressionAttributeValues: { ":log": BEGINNING },
    ConsistentRead: true,
  });
  return (items[0]?.began as number | undefined) ?? null;
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

/** The entry of an image in the table's stream; null for an item of another kind. */
export function entryOfStored(image: Item): StoredEntry | null {
  return image.log === LOG ? entryOfItem(image) : null;
}

function entryOfItem(item: Item): StoredEntry {
  return {
    seq: seqOf(item.seq as string),
    at: item.at as number,
    sources: bytesOf(item.sources),
    body: bytesOf(item.body),
  };
}

// Lambda hands over binary in base64, and unmarshalling leaves it so.
function bytesOf(given: unknown): Uint8Array {
  return typeof given === "string" ? Buffer.from(given, "base64") : (given as Uint8Array);
}
