import {
  batchGet,
  type Condition,
  getItem,
  type Item,
  putItem,
  queryPage,
  type Store,
  type TableSpec,
  type TransactItem,
  transact,
  transactDelete,
  transactPut,
} from "../../store/index.ts";
import type { SessionRecord } from "./record.ts";

/**
 * Sessions, by these access patterns:
 *
 * - a session by its id: whether it is live, and to refresh it → `id`, `item` = "session"
 * - the sessions of a user, newest first → `id` = "user#<user id>", `item` = the session's id, a UUIDv7
 *
 * The stream tells of those that end, so that their sockets do. A session begins and ends with its entry in its user's list, in one transaction. A refresh writes the session alone; its entry is
 * written with a week to spare, and anew when that is used up. What is not there has ended.
 */
export const SESSIONS: TableSpec = {
  name: "sessions",
  partitionKey: "id",
  sortKey: "item",
  ttl: "expires_at",
  stream: true,
};

const SESSION = "session";
const listOf = (userId: string) => `user#${userId}`;
const sessionKey = (id: string) => ({ id, item: SESSION });
const isAt = (revision: number): Condition => ({
  expression: "revision = :revision",
  values: { ":revision": revision },
});

/** The session that an image of the table's stream is; null for any other item. */
export function sessionOfImage(image: Item | undefined): string | null {
  return image?.item === SESSION ? (image.id as string) : null;
}

function itemOf(session: SessionRecord): Item {
  return { ...session, item: SESSION, expires_at: secondAfter(session.expires_at_ms) };
}

function sessionOf(stored: Item): SessionRecord {
  const { item: _, expires_at: _e, ...session } = stored;
  return session as unknown as SessionRecord;
}

function putEntry(store: Store, { id, user_id, listed_until }: SessionRecord): TransactItem {
  const entry = { id: listOf(user_id), item: id, expires_at: secondAfter(listed_until) };
  return transactPut(store, SESSIONS, entry);
}

/** Items may go after this second. */
function secondAfter(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** A session, newest writes included. One that has expired may still be there. */
export async function getSession(store: Store, id: string): Promise<SessionRecord | null> {
  const item = await getItem(store, SESSIONS, sessionKey(id), { consistent: true });
  return item && sessionOf(item);
}

/** Writes a new session, and `also` with it. @returns false when somebody writes there at this very moment. */
export function insertSession(
  store: Store,
  session: SessionRecord,
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactPut(store, SESSIONS, itemOf(session), { expression: "attribute_not_exists(id)" }),
    putEntry(store, session),
    ...also,
  ]);
}

/** Writes the next revision of a session. @returns false when `before` is no longer the newest, or the session has ended. */
export function replaceSession(store: Store, before: SessionRecord, after: SessionRecord): Promise<boolean> {
  if (after.listed_until === before.listed_until) {
    return putItem(store, SESSIONS, itemOf(after), isAt(before.revision));
  }
  return transact(store, [...sessionReplace(store, before, after), putEntry(store, after)]);
}

/** As `replaceSession`, for a transaction with others; the entry stays as it is. */
export function sessionReplace(store: Store, before: SessionRecord, after: SessionRecord): TransactItem[] {
  return [transactPut(store, SESSIONS, itemOf(after), isAt(before.revision))];
}

/** What ends a session; one that has ended stays so. */
export function sessionDelete(store: Store, userId: string, id: string): TransactItem[] {
  return [
    transactDelete(store, SESSIONS, sessionKey(id)),
    transactDelete(store, SESSIONS, { id: listOf(userId), item: id }),
  ];
}

/** Whether a session is in a user's list: the scope in which the user may ask for it. */
export async function isListed(store: Store, userId: string, id: string): Promise<boolean> {
  return (await getItem(store, SESSIONS, { id: listOf(userId), item: id }, { consistent: true })) !== null;
}

/** Up to `limit` ids of a user's sessions that sort before `before`, newest first; `more` when there are others behind them. */
export async function idsOf(
  store: Store,
  userId: string,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<{ ids: string[]; more: boolean }> {
  const { items, next } = await queryPage(store, SESSIONS, {
    KeyConditionExpression: before === undefined ? "id = :id" : "id = :id AND #item < :before",
    ...(before === undefined ? {} : { ExpressionAttributeNames: { "#item": "item" } }),
    ExpressionAttributeValues: {
      ":id": listOf(userId),
      ...(before === undefined ? {} : { ":before": before }),
    },
    ScanIndexForward: false,
    Limit: limit,
    ConsistentRead: true,
  });
  return { ids: items.map(({ item }) => item as string), more: next !== undefined };
}

/** The sessions of these ids that there are, in no order. */
export async function getSessions(store: Store, ids: readonly string[]): Promise<SessionRecord[]> {
  const items = await batchGet(store, SESSIONS, ids.map(sessionKey), { consistent: true });
  return items.map(sessionOf);
}
