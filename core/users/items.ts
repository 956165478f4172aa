import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import {
  type Condition,
  getItem,
  type Item,
  isLostCondition,
  type Store,
  storeFault,
  type TableSpec,
  type TransactItem,
  transactDelete,
  transactPut,
} from "../store/index.ts";
import type { UserRecord } from "./record.ts";

/**
 * Users, by these access patterns:
 *
 * - a user by its id → `id`
 * - a user by email → `id` = "email#<normalised email>", which names the user
 *
 * Both are written in one transaction, so that of two users of one email only one is ever made.
 */
export const USERS: TableSpec = { name: "users", partitionKey: "id" };

const emailKey = (email: string) => ({ id: `email#${email}` });
const isAbsent: Condition = { expression: "attribute_not_exists(id)" };
const isAt = (revision: number): Condition => ({
  expression: "revision = :revision",
  values: { ":revision": revision },
});

/** A user, newest writes included. */
export async function getUser(store: Store, id: string): Promise<UserRecord | null> {
  return (await getItem(store, USERS, { id }, { consistent: true })) as UserRecord | null;
}

/** The id of the user of an email, newest writes included. */
export async function idOfEmail(store: Store, email: string): Promise<string | null> {
  const item = await getItem(store, USERS, emailKey(email), { consistent: true });
  return item && (item.user_id as string);
}

/** Makes a user; the transaction fails when the email is taken. */
export function userInsert(store: Store, user: UserRecord): TransactItem[] {
  return [transactPut(store, USERS, { ...user }, isAbsent), claimEmail(store, user)];
}

/** Writes the next revision of a user; the transaction fails when `before` is not the newest, or the new email is taken. */
export function userReplace(store: Store, before: UserRecord, after: UserRecord): TransactItem[] {
  const put = transactPut(store, USERS, { ...after }, isAt(before.revision));
  if (after.email === before.email) return [put];
  return [put, claimEmail(store, after), transactDelete(store, USERS, emailKey(before.email))];
}

function claimEmail(store: Store, { id, email }: UserRecord): TransactItem {
  const item: Item = { ...emailKey(email), user_id: id };
  return transactPut(store, USERS, item, isAbsent);
}

/** Replaces the hash of a password that stays the same. It is no new revision. @returns false when the hash is no longer `before`. */
export async function replaceHash(store: Store, id: string, before: string, after: string): Promise<boolean> {
  try {
    await store.doc.send(
      new UpdateCommand({
        TableName: store.table(USERS),
        Key: { id },
        UpdateExpression: "SET password_hash = :after",
        ConditionExpression: "password_hash = :before",
        ExpressionAttributeValues: { ":before": before, ":after": after },
      }),
    );
    return true;
  } catch (error) {
    if (isLostCondition(error)) return false;
    throw storeFault(error);
  }
}
