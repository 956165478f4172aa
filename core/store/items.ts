import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { Unavailable } from "../errors.ts";
import type { Store } from "./client.ts";
import type { TableSpec } from "./tables.ts";

export type Item = Record<string, unknown>;
export type Key = Readonly<Record<string, string>>;

/** What must hold of the stored item for a write to be taken. */
export interface Condition {
  readonly expression: string;
  readonly names?: Record<string, string>;
  readonly values?: Record<string, unknown>;
}

/** Whether an error is a lost condition, which is an ordinary result, and no fault. */
export function isLostCondition(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ConditionalCheckFailedException" || error.name === "TransactionConflictException")
    return true;
  if (error.name !== "TransactionCanceledException") return false;
  // A transaction is also cancelled by throttling, which is a fault; only a condition or a rival means that somebody was first.
  const reasons = (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? [];
  return reasons.some(({ Code }) => Code === "ConditionalCheckFailed" || Code === "TransactionConflict");
}

/** Turns the store's own failures into `Unavailable` (503); everything else, a faulty request of ours above all, passes. */
export function storeFault(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, CancellationReasons: reasons = [] } = error as {
    code?: string;
    CancellationReasons?: { Code?: string }[];
  };
  const said = [error.name, code ?? "", ...reasons.map((reason) => reason.Code ?? "")].join(" ");
  return TRANSIENT.test(said) ? new Unavailable("The store can't be reached; try again.") : error;
}

const TRANSIENT =
  /Throttl|Timeout|ProvisionedThroughput|RequestLimit|InternalServer|ServiceUnavailable|ECONN|EPIPE/;

async function send<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw storeFault(error);
  }
}

/** One item, or `null`. `consistent` reads the newest acknowledged write, at twice the price. */
export async function getItem(
  store: Store,
  spec: TableSpec,
  key: Key,
  options: { consistent?: boolean } = {},
): Promise<Item | null> {
  const { Item } = await send(
    store.doc.send(
      new GetCommand({ TableName: store.table(spec), Key: key, ConsistentRead: options.consistent ?? false }),
    ),
  );
  return Item ?? null;
}

/** Up to 100 items of one table in one call (and what DynamoDB left unprocessed in further ones); order is not kept, missing ones are left out. */
export async function batchGet(
  store: Store,
  spec: TableSpec,
  keys: readonly Key[],
  options: { consistent?: boolean } = {},
): Promise<Item[]> {
  const table = store.table(spec);
  const found: Item[] = [];
  for (let start = 0; start < keys.length; start += 100) {
    let pending: BatchGetCommandInput["RequestItems"] = {
      [table]: { Keys: keys.slice(start, start + 100), ConsistentRead: options.consistent ?? false },
    };
    for (let tries = 0; pending?.[table]?.Keys?.length; tries++) {
      if (tries === 8) throw new Unavailable("The store leaves reads unprocessed; try again.");
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 10 * 2 ** tries));
      const answer: BatchGetCommandOutput = await send(
        store.doc.send(new BatchGetCommand({ RequestItems: pending })),
      );
      found.push(...(answer.Responses?.[table] ?? []));
      pending = answer.UnprocessedKeys ?? {};
    }
  }
  return found;
}

/**
 * Puts an item. An item with a `write_id` may be retried by the SDK after a commit whose answer was lost: finding our own write there
 * counts as success.
 *
 * @returns false when `condition` does not hold; nothing was written then.
 */
export async function putItem(
  store: Store,
  spec: TableSpec,
  item: Item,
  condition?: Condition,
): Promise<boolean> {
  try {
    await store.doc.send(
      new PutCommand({
        TableName: store.table(spec),
        Item: item,
        ...conditionInput(condition),
        ...(condition && item.write_id ? { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } : {}),
      }),
    );
    return true;
  } catch (error) {
    if (isLostCondition(error)) return isOwnWrite(error, item);
    throw storeFault(error);
  }
}

function isOwnWrite(error: unknown, item: Item): boolean {
  const stored = (error as { Item?: { write_id?: { S?: string } } }).Item;
  return item.write_id !== undefined && stored?.write_id?.S === item.write_id;
}

/** Deletes an item. @returns false when `condition` does not hold. */
export async function deleteItem(
  store: Store,
  spec: TableSpec,
  key: Key,
  condition?: Condition,
): Promise<boolean> {
  try {
    await store.doc.send(
      new DeleteCommand({ TableName: store.table(spec), Key: key, ...conditionInput(condition) }),
    );
    return true;
  } catch (error) {
    if (isLostCondition(error)) return false;
    throw storeFault(error);
  }
}

export type TransactItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** Writes all of `items` (≤ 100) or none. @returns false when a condition does not hold or another transaction was first. */
export async function transact(store: Store, items: readonly TransactItem[]): Promise<boolean> {
  try {
    await store.doc.send(new TransactWriteCommand({ TransactItems: [...items] }));
    return true;
  } catch (error) {
    if (isLostCondition(error)) return false;
    throw storeFault(error);
  }
}

export function transactPut(store: Store, spec: TableSpec, item: Item, condition?: Condition): TransactItem {
  return { Put: { TableName: store.table(spec), Item: item, ...conditionInput(condition) } };
}

export function transactDelete(store: Store, spec: TableSpec, key: Key, condition?: Condition): TransactItem {
  return { Delete: { TableName: store.table(spec), Key: key, ...conditionInput(condition) } };
}

/** One page of a query. */
export async function queryPage(
  store: Store,
  spec: TableSpec,
  input: Omit<QueryCommandInput, "TableName">,
): Promise<{ items: Item[]; next: Item | undefined }> {
  const { Items, LastEvaluatedKey } = await send(
    store.doc.send(new QueryCommand({ TableName: store.table(spec), ...input })),
  );
  return { items: Items ?? [], next: LastEvaluatedKey };
}

/** Every item that a query finds, page after page. */
export async function* queryAll(
  store: Store,
  spec: TableSpec,
  input: Omit<QueryCommandInput, "TableName">,
): AsyncGenerator<Item> {
  let start: Item | undefined;
  do {
    const page = await queryPage(store, spec, { ...input, ExclusiveStartKey: start });
    yield* page.items;
    start = page.next;
  } while (start);
}

function conditionInput(condition: Condition | undefined) {
  if (!condition) return {};
  return {
    ConditionExpression: condition.expression,
    ...(condition.names ? { ExpressionAttributeNames: condition.names } : {}),
    ...(condition.values ? { ExpressionAttributeValues: condition.values } : {}),
  };
}
