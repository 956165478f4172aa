import { createHash } from "node:crypto";
import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { isLostCondition, type Store, storeFault, type TableSpec } from "../store/index.ts";

/**
 * What was counted, by this access pattern:
 *
 * - the open window of a limit and whom it counts for → `id`, "<limit>#<digest>": neither addresses nor emails are here
 *
 * One call takes from a window, or tells that it can't: one write unit, whatever it answers.
 */
export const LIMITS: TableSpec = { name: "limits", partitionKey: "id", ttl: "expires_at" };

/** Seconds that a window outlives its end, so that the store's clock never takes an open one away. */
const KEPT_S = 3600;

/** A window as it is stored: points taken, and the millisecond that it ends at. */
export interface Window {
  readonly points: number;
  readonly ends_at: number;
}

export interface Write {
  readonly taken: boolean;
  /** As it is now; null when there is none. */
  readonly window: Window | null;
}

export function windowId(name: string, key: string): string {
  return `${name}#${createHash("sha256").update(key).digest("base64url")}`;
}

/** Opens a window that ends at `endsAt` with `points` taken, unless one is open. */
export function begin(store: Store, id: string, points: number, now: number, endsAt: number): Promise<Write> {
  return write(store, id, {
    UpdateExpression: "SET points = :points, ends_at = :ends, expires_at = :expires",
    ConditionExpression: "attribute_not_exists(id) OR ends_at <= :now",
    ExpressionAttributeValues: {
      ":points": points,
      ":ends": endsAt,
      ":expires": Math.ceil(endsAt / 1000) + KEPT_S,
      ":now": now,
    },
  });
}

/** Takes `points` of the open window, as long as no more than `most` are taken then. */
export function add(store: Store, id: string, points: number, now: number, most: number): Promise<Write> {
  return write(store, id, {
    UpdateExpression: "SET points = points + :points",
    ConditionExpression: "ends_at > :now AND points <= :before",
    ExpressionAttributeValues: { ":points": points, ":now": now, ":before": most - points },
  });
}

/** Gives `points` back to the open window; one that is closed does not need them. */
export function giveBack(store: Store, id: string, points: number, now: number): Promise<Write> {
  return write(store, id, {
    UpdateExpression: "SET points = points - :points",
    ConditionExpression: "ends_at > :now AND points >= :points",
    ExpressionAttributeValues: { ":points": points, ":now": now },
  });
}

async function write(
  store: Store,
  id: string,
  input: Omit<UpdateCommandInput, "TableName" | "Key">,
): Promise<Write> {
  try {
    const { Attributes } = await store.doc.send(
      new UpdateCommand({
        TableName: store.table(LIMITS),
        Key: { id },
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        ...input,
      }),
    );
    return { taken: true, window: Attributes as unknown as Window };
  } catch (error) {
    if (!isLostCondition(error)) throw storeFault(error);
    return { taken: false, window: windowOf(error) };
  }
}

/** The window that a condition did not hold of; the error has it in DynamoDB's own form. */
function windowOf(error: unknown): Window | null {
  const { points, ends_at } = (error as { Item?: Record<string, { N?: string }> }).Item ?? {};
  return points?.N && ends_at?.N ? { points: Number(points.N), ends_at: Number(ends_at.N) } : null;
}
