import {
  type Condition,
  type Item,
  putItem,
  queryAll,
  type Store,
  type TableSpec,
  type TransactItem,
  transact,
  transactDelete,
  transactPut,
} from "../store/index.ts";
import type { WebhookRecord } from "./record.ts";
import { FRESH, type Standing } from "./standing.ts";

/**
 * Webhooks and how deliveries to them go, by these access patterns:
 *
 * - all of them, with their standings → `list` = "webhooks": at most 50 of each, so that one query reads everything there is
 * - one webhook, changed on its revision → `id` = "w#<id>"; its standing, on its version → `id` = "s#<id>"
 * - making one, on nobody else making one at the same time → `id` = "guard"
 */
export const WEBHOOKS: TableSpec = { name: "webhooks", partitionKey: "list", sortKey: "id" };

const LIST = "webhooks";
const GUARD = "guard";
const webhookKey = (id: string) => ({ list: LIST, id: `w#${id}` });
const standingKey = (id: string) => ({ list: LIST, id: `s#${id}` });

export interface Held {
  readonly webhook: WebhookRecord;
  readonly standing: Standing;
}

/** Everything there is, by the webhook's id, the oldest first; and how many were ever made. */
export interface Roster {
  readonly held: ReadonlyMap<string, Held>;
  readonly made: number;
}

/** The newest state of all webhooks. */
export async function readRoster(store: Store): Promise<Roster> {
  const webhooks: WebhookRecord[] = [];
  const standings = new Map<string, Standing>();
  let made = 0;
  const items = queryAll(store, WEBHOOKS, {
    KeyConditionExpression: "#list = :list",
    ExpressionAttributeNames: { "#list": "list" },
    ExpressionAttributeValues: { ":list": LIST },
    ConsistentRead: true,
  });
  for await (const { list: _, id: key, write_id: __, ...fields } of items) {
    const [kind, id] = String(key).split("#") as [string, string];
    if (kind === GUARD) made = fields.made as number;
    else if (kind === "w") webhooks.push({ ...fields, id } as unknown as WebhookRecord);
    else standings.set(id, fields as unknown as Standing);
  }
  const held = webhooks.map((webhook) => {
    return [webhook.id, { webhook, standing: standings.get(webhook.id) ?? FRESH }] as const;
  });
  return { held: new Map(held), made };
}

/** Adds a webhook, and what else is to stand or fall with it. @returns false when another was made since `made` were. */
export function insertWebhook(
  store: Store,
  webhook: WebhookRecord,
  made: number,
  also: readonly TransactItem[],
): Promise<boolean> {
  const first = {
    expression: "attribute_not_exists(#made) OR #made = :made",
    names: { "#made": "made" },
    values: { ":made": made },
  };
  return transact(store, [
    transactPut(store, WEBHOOKS, itemOf(webhook), {
      expression: "attribute_not_exists(#id)",
      names: { "#id": "id" },
    }),
    transactPut(store, WEBHOOKS, { ...FRESH, ...standingKey(webhook.id) }),
    transactPut(store, WEBHOOKS, { list: LIST, id: GUARD, made: made + 1 }, first),
    ...also,
  ]);
}

/** Replaces a webhook, in a write by itself. @returns false when it was changed since `before`, or is gone. */
export function replaceWebhook(
  store: Store,
  before: WebhookRecord,
  after: WebhookRecord,
  writeId: string,
): Promise<boolean> {
  return putItem(store, WEBHOOKS, { ...itemOf(after), write_id: writeId }, isAt(before));
}

/** Replaces a webhook together with `also`; its standing begins anew when it `restarts`. @returns as `replaceWebhook` does. */
export function reviseWebhook(
  store: Store,
  before: WebhookRecord,
  { after, restarts }: { readonly after: WebhookRecord; readonly restarts: boolean },
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactPut(store, WEBHOOKS, itemOf(after), isAt(before)),
    ...(restarts ? [transactPut(store, WEBHOOKS, { ...FRESH, ...standingKey(after.id) })] : []),
    ...also,
  ]);
}

/** Takes a webhook away with its standing, together with `also`. @returns as `replaceWebhook` does. */
export function deleteWebhook(
  store: Store,
  before: WebhookRecord,
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactDelete(store, WEBHOOKS, webhookKey(before.id), isAt(before)),
    transactDelete(store, WEBHOOKS, standingKey(before.id)),
    ...also,
  ]);
}

/** Writes a standing. @returns false when another wrote it since `before`, or its webhook is gone. */
export function replaceStanding(
  store: Store,
  id: string,
  before: Standing,
  after: Standing,
  writeId: string,
): Promise<boolean> {
  return putItem(
    store,
    WEBHOOKS,
    { ...after, ...standingKey(id), write_id: writeId },
    {
      expression: "#version = :version AND #noted = :noted",
      names: { "#version": "version", "#noted": "noted_at" },
      values: { ":version": before.version, ":noted": before.noted_at },
    },
  );
}

function itemOf({ id, ...fields }: WebhookRecord): Item {
  return { ...fields, ...webhookKey(id) };
}

function isAt({ revision }: WebhookRecord): Condition {
  return {
    expression: "#revision = :revision",
    names: { "#revision": "revision" },
    values: { ":revision": revision },
  };
}
