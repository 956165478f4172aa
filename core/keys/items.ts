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
import { indexShard, type Shard } from "../store/newest.ts";
import type { Kind } from "./credential.ts";
import type { JoinToken, NodeKeys, ServiceKey } from "./record.ts";

/**
 * What machines sign in with, by these access patterns:
 *
 * - a service key or join token by its id → `id` = "key#<id>" or "join#<id>"
 * - a node's keys, one item for both while they rotate → `id` = "node#<node id>"
 * - the node that a use of a join token made of a claimant → `id` = "spent#<token id>#<claimant>"
 * - service keys, and join tokens, newest first → index "newest", `list` = "key" or "join", by `id`, whose UUIDv7 begins with the time
 *
 * Only hashes of secrets are here. The stream tells of keys that are deleted, so that their sockets end.
 */
export const CREDENTIALS: TableSpec = {
  name: "credentials",
  partitionKey: "id",
  indexes: [{ name: "newest", partitionKey: "list", sortKey: "id" }],
  ttl: "gone_at",
  stream: true,
};

/** The service key that an image of the table's stream is; null for any other item. */
export function serviceKeyOfImage(image: Item | undefined): string | null {
  const id = image?.id as string | undefined;
  return id?.startsWith("key#") ? id.slice("key#".length) : null;
}

type Listed = Exclude<Kind, "node">;

/** Seconds that an expired key is still listed for. */
const LISTED_AFTER_S = 30 * 86_400;
export const isAbsent: Condition = { expression: "attribute_not_exists(id)" };
export const exists: Condition = { expression: "attribute_exists(id)" };

/** The key of a credential's item. */
export const keyOf = (kind: Kind, id: string) => ({ id: `${kind}#${id}` });
/** The key of the note that a token was spent for a claimant. */
export const spentKey = (tokenId: string, claimant: string) => ({ id: `spent#${tokenId}#${claimant}` });

/** The item of a credential, the newest acknowledged write included. */
export function getCredential(store: Store, kind: Kind, id: string): Promise<Item | null> {
  return getItem(store, CREDENTIALS, keyOf(kind, id), { consistent: true });
}

export function putCredential(
  store: Store,
  kind: Listed,
  { id, ...rest }: ServiceKey | JoinToken,
): TransactItem {
  const gone = rest.expires_at === undefined ? undefined : goneAt(rest.expires_at);
  return transactPut(
    store,
    CREDENTIALS,
    { ...rest, ...keyOf(kind, id), list: kind, gone_at: gone },
    isAbsent,
  );
}

/** Removes a credential; the transaction fails when it is not there. */
export function removeCredential(store: Store, kind: Kind, id: string): TransactItem {
  return transactDelete(store, CREDENTIALS, keyOf(kind, id), exists);
}

export function serviceKeyOf(item: Item): ServiceKey {
  return stripped(item) as unknown as ServiceKey;
}

export function joinTokenOf(item: Item): JoinToken {
  return stripped(item) as unknown as JoinToken;
}

function stripped(item: Item): Item {
  const { id, list: _, gone_at: _g, ...rest } = item;
  return { ...rest, id: idOf(id) };
}

function idOf(stored: unknown): string {
  return (stored as string).slice((stored as string).indexOf("#") + 1);
}

/** All of one kind, newest first, for `newestAcross`. */
export function credentialShards(store: Store, kind: Listed): Shard<Item>[] {
  const partition = { attribute: "list", value: kind };
  return [indexShard(store, CREDENTIALS, { index: "newest", partition, sort: "id" })];
}

/** Notes when a credential was last used, unless it is gone; of a node's, the one of its keys. */
export async function markUsed(
  store: Store,
  kind: Kind,
  id: string,
  nodeKeyId: string | undefined,
  at: number,
): Promise<void> {
  // Of a node's keys it is a change like others, so that a rotation at this moment does not undo it.
  const change = nodeKeyId
    ? {
        UpdateExpression: "SET #keys.#key.#at = :at, #version = #version + :one",
        ConditionExpression: "attribute_exists(#keys.#key)",
        ExpressionAttributeNames: {
          "#at": "last_used_at",
          "#keys": "keys",
          "#key": nodeKeyId,
          "#version": "version",
        },
        ExpressionAttributeValues: { ":at": at, ":one": 1 },
      }
    : {
        UpdateExpression: "SET #at = :at",
        ConditionExpression: "attribute_exists(id)",
        ExpressionAttributeNames: { "#at": "last_used_at" },
        ExpressionAttributeValues: { ":at": at },
      };
  try {
    await store.doc.send(
      new UpdateCommand({
        TableName: store.table(CREDENTIALS),
        Key: keyOf(kind, id),
        ...change,
      }),
    );
  } catch (error) {
    if (!isLostCondition(error)) throw storeFault(error);
  }
}

export function nodeKeysOf(item: Item): NodeKeys {
  const { id, keys, version } = item;
  return { node_id: idOf(id), keys: keys as NodeKeys["keys"], version: version as number };
}

/** Writes a node's keys: the first, over whatever was left of a node of this id, or the next version of those that were read. */
export function putNodeKeys(store: Store, keys: NodeKeys, before: NodeKeys | null): TransactItem {
  const { node_id, ...rest } = keys;
  const isNext: Condition | undefined = before
    ? {
        expression: "#version = :version",
        names: { "#version": "version" },
        values: { ":version": before.version },
      }
    : undefined;
  return transactPut(store, CREDENTIALS, { ...rest, ...keyOf("node", node_id) }, isNext);
}

/** Writes a node's first keys, unless it has some. */
export function putFirstKeys(store: Store, { node_id, ...rest }: NodeKeys): TransactItem {
  return transactPut(store, CREDENTIALS, { ...rest, ...keyOf("node", node_id) }, isAbsent);
}

export function removeNodeKeys(store: Store, nodeId: string): TransactItem {
  return transactDelete(store, CREDENTIALS, keyOf("node", nodeId));
}

/** The second that an item may go at, once what it is about ended at `ms`. */
export function goneAt(ms: number): number {
  return Math.floor(ms / 1000) + LISTED_AFTER_S;
}
