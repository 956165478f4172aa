import { createHash } from "node:crypto";
import {
  batchGet,
  type Condition,
  getItem,
  type Item,
  queryAll,
  queryPage,
  type Store,
  type TableSpec,
  type TransactItem,
  transact,
  transactDelete,
  transactPut,
} from "../store/index.ts";
import { indexShard, type Shard } from "../store/newest.ts";
import type { NodeRecord, TransitionRow } from "./record.ts";

/**
 * Nodes and their ledgers, by these access patterns:
 *
 * - a node by its id, one or a batch → `id`, `item` = "node"
 * - the credentials of a node's provider, sealed → `id`, `item` = "credentials": no index, listing, view or event has it
 * - a node's ledger, newest first, between two instants → `id`, `item` from "t#<uuidv7>" to "t#<uuidv7>"
 * - all nodes, newest first, filtered; all nodes for a rebuild of the cells → index "newest", in four shards by id, which only nodes are in
 * - the nodes at an endpoint, so that discovery knows them again → index "endpoint", by the endpoint's digest
 *
 * A change of status writes the node and its ledger row in one transaction, on the revision it was made from.
 */
export const NODES: TableSpec = {
  name: "nodes",
  partitionKey: "id",
  sortKey: "item",
  indexes: [
    { name: "newest", partitionKey: "shard", sortKey: "newest" },
    { name: "endpoint", partitionKey: "endpoint_digest", sortKey: "id" },
  ],
  ttl: "expires_at",
  stream: true,
};

const SHARDS = ["s0", "s1", "s2", "s3"] as const;
const LEDGER_RETENTION_S = 90 * 86_400;

const nodeKey = (id: string) => ({ id, item: "node" });
/** The key of the item that holds the sealed credentials of a node's provider. */
export const credentialsKey = (id: string) => ({ id, item: "credentials" });
const isAbsent: Condition = { expression: "attribute_not_exists(id)" };
const isAt = (revision: number): Condition => ({
  expression: "revision = :revision",
  values: { ":revision": revision },
});

/** The index's sort key of a node: by its creation, then its id. */
export function newestKey(record: Pick<NodeRecord, "id" | "created_at">): string {
  return `${String(record.created_at).padStart(13, "0")}#${record.id}`;
}

/** Spreads ids over the shards: FNV-1a. */
function shardOf(id: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return SHARDS[(hash >>> 16) % SHARDS.length]!;
}

/** An endpoint may be as long as a partition key and longer; its digest is not. */
function digestOf(endpoint: string): string {
  return createHash("sha256").update(endpoint).digest("base64url");
}

/** The ids of the nodes at an endpoint; one made this very moment may be missing. */
export async function idsAtEndpoint(store: Store, endpoint: string): Promise<string[]> {
  const { items } = await queryPage(store, NODES, {
    IndexName: "endpoint",
    KeyConditionExpression: "endpoint_digest = :digest",
    ExpressionAttributeValues: { ":digest": digestOf(endpoint) },
  });
  return items.map((item) => item.id as string);
}

/** Free-form fields are kept as JSON text: DynamoDB's numbers have another range than JSON's, and its maps other keys. */
export function itemOfNode(record: NodeRecord): Item {
  const { capabilities, metadata, ...rest } = record;
  return {
    ...rest,
    item: "node",
    shard: shardOf(record.id),
    newest: newestKey(record),
    ...(record.endpoint === undefined ? {} : { endpoint_digest: digestOf(record.endpoint) }),
    capabilities: JSON.stringify(capabilities),
    metadata: JSON.stringify(metadata),
  };
}

export function nodeOfItem(item: Item): NodeRecord {
  const { item: _, shard: _s, newest: _n, endpoint_digest: _e, capabilities, metadata, ...rest } = item;
  return {
    ...rest,
    capabilities: JSON.parse(capabilities as string) as Record<string, unknown>,
    metadata: JSON.parse(metadata as string) as Record<string, unknown>,
  } as unknown as NodeRecord;
}

/** The node of a stream image; null for an item of another kind. */
export function nodeOfImage(item: Item | undefined): NodeRecord | null {
  return item?.item === "node" ? nodeOfItem(item) : null;
}

function itemOfRow({ id, node_id, ...rest }: TransitionRow): Item {
  return {
    ...rest,
    id: node_id,
    item: `t#${id}`,
    expires_at: Math.floor(rest.at / 1000) + LEDGER_RETENTION_S,
  };
}

function rowOfItem(stored: Item): TransitionRow {
  const { id, item, expires_at: _, ...rest } = stored;
  return { ...rest, id: (item as string).slice(2), node_id: id } as unknown as TransitionRow;
}

/**
 * Writes a new node, and what else is to stand or fall with it.
 *
 * @returns false when its id is taken, or somebody writes there at this very moment.
 */
export function insertNode(
  store: Store,
  record: NodeRecord,
  row: TransitionRow,
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactPut(store, NODES, itemOfNode(record), isAbsent),
    transactPut(store, NODES, itemOfRow(row)),
    ...also,
  ]);
}

/** Keeps the sealed credentials of a node's provider, over what was there; `removeCredentials` takes them away. */
export function putCredentials(store: Store, id: string, sealed: Uint8Array): TransactItem {
  return transactPut(store, NODES, { ...credentialsKey(id), sealed });
}

export function removeCredentials(store: Store, id: string): TransactItem {
  return transactDelete(store, NODES, credentialsKey(id));
}

/** The check, for a transaction of others, that there is this node. */
export function nodeIsThere(store: Store, id: string): TransactItem {
  return {
    ConditionCheck: {
      TableName: store.table(NODES),
      Key: nodeKey(id),
      ConditionExpression: "attribute_exists(id)",
    },
  };
}

/** Writes the next revision of a node. @returns false when `before` is no longer the newest, or somebody writes at this very moment. */
export function replaceNode(
  store: Store,
  before: NodeRecord,
  after: NodeRecord,
  row: TransitionRow | null,
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactPut(store, NODES, itemOfNode(after), isAt(before.revision)),
    ...(row ? [transactPut(store, NODES, itemOfRow(row))] : []),
    ...also,
  ]);
}

/** Deletes a node and says so in its ledger. @returns false as `replaceNode` does. */
export function deleteNode(
  store: Store,
  before: NodeRecord,
  row: TransitionRow,
  also: readonly TransactItem[],
): Promise<boolean> {
  return transact(store, [
    transactDelete(store, NODES, nodeKey(before.id), isAt(before.revision)),
    transactPut(store, NODES, itemOfRow(row)),
    ...also,
  ]);
}

export async function getNode(
  store: Store,
  id: string,
  options: { consistent?: boolean } = {},
): Promise<NodeRecord | null> {
  const item = await getItem(store, NODES, nodeKey(id), options);
  return item && nodeOfItem(item);
}

/** The nodes of these ids that there are, in no order. */
export async function getNodes(
  store: Store,
  ids: readonly string[],
  options: { consistent?: boolean } = {},
): Promise<NodeRecord[]> {
  const items = await batchGet(store, NODES, [...new Set(ids)].map(nodeKey), options);
  return items.map(nodeOfItem);
}

/** The shards of the index of nodes, for `newestAcross`. */
export function nodeShards(store: Store, filter: Condition | undefined): Shard<Item>[] {
  return SHARDS.map((value) =>
    indexShard(store, NODES, {
      index: "newest",
      partition: { attribute: "shard", value },
      sort: "newest",
      filter,
    }),
  );
}

/** Every node there is, newest first within each shard, as the index knows them: one written a moment ago may be missing. */
export async function* allNodes(store: Store, filter?: Condition): AsyncGenerator<NodeRecord> {
  for (const value of SHARDS) {
    const items = queryAll(store, NODES, {
      IndexName: "newest",
      KeyConditionExpression: "#shard = :shard",
      ...(filter ? { FilterExpression: filter.expression } : {}),
      ExpressionAttributeNames: { "#shard": "shard", ...filter?.names },
      ExpressionAttributeValues: { ":shard": value, ...filter?.values },
      ScanIndexForward: false,
    });
    for await (const item of items) yield nodeOfItem(item);
  }
}

/** Rows of a node's ledger, newest first, at most `limit`; instants are inclusive, in ms; `before` is a row's id, exclusive. */
export async function ledgerPage(
  store: Store,
  nodeId: string,
  range: { since?: number | undefined; until?: number | undefined; before?: string | undefined },
  limit: number,
  options: { consistent?: boolean } = {},
): Promise<{ rows: TransitionRow[]; more: boolean }> {
  const least = ledgerKey(range.since ?? 0);
  const latest = range.until === undefined ? "t#~" : ledgerKey(range.until + 1);
  const before = range.before === undefined ? latest : `t#${range.before}`;
  const upper = before < latest ? before : latest;
  if (upper <= least) return { rows: [], more: false };
  // Between is inclusive: one entry more for the row that the cursor names, one to know whether there is a next page.
  const { items, next } = await queryPage(store, NODES, {
    KeyConditionExpression: "id = :id AND #item BETWEEN :least AND :upper",
    ExpressionAttributeNames: { "#item": "item" },
    ExpressionAttributeValues: { ":id": nodeId, ":least": least, ":upper": upper },
    ScanIndexForward: false,
    Limit: limit + 2,
    ConsistentRead: options.consistent ?? false,
  });
  const rows = items.map(rowOfItem).filter((row) => row.id !== range.before);
  return { rows: rows.slice(0, limit), more: rows.length > limit || next !== undefined };
}

/** The least sort key of a ledger row made in this millisecond. */
function ledgerKey(ms: number): string {
  const hex = Math.min(Math.max(ms, 0), 0xffff_ffff_ffff).toString(16).padStart(12, "0");
  return `t#${hex.slice(0, 8)}-${hex.slice(8)}`;
}
