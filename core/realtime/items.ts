import { type Actor, describeActor } from "../ctx.ts";
import {
  deleteItem,
  getItem,
  type Item,
  putItem,
  queryAll,
  type Store,
  type TableSpec,
  transact,
  transactDelete,
  transactPut,
} from "../store/index.ts";
import type { Subscription } from "./schema.ts";

/**
 * Open connections and the tickets to open one, by these access patterns:
 *
 * - a connection by its id → `topic` = "c#<id>", `id` = "connection"
 * - the connections that listen to a type of event → `topic` = "t#<type>", by connection; "t#*" for those that listen to every type
 * - the connections of a session or a key, which end with it → `topic` = "h#<holder>", by connection
 * - a ticket by its digest, used up by deleting it → `topic` = "k#<digest>", `id` = "ticket"
 *
 * A topic's items hold all that a message needs to be made and sent, so that whoever sends reads them and nothing else.
 */
export const CONNECTIONS: TableSpec = {
  name: "connections",
  partitionKey: "topic",
  sortKey: "id",
  ttl: "expires_at",
};

/** API Gateway ends a connection after two hours; what is left of one later is nobody's. */
export const CONNECTION_KEPT_S = 2.5 * 3600;

export interface Connection {
  readonly id: string;
  readonly actor: Actor;
  readonly channel: "admin";
  /** Milliseconds since the epoch. */
  readonly opened_at: number;
  /** Counts its subscriptions: what an older one began, a newer one ends. */
  readonly generation: number;
  /** When that began; milliseconds since the epoch. */
  readonly begun_at: number;
  readonly subscription: Subscription | null;
}

/** A connection that events are broadcast to. */
export interface Listener {
  readonly id: string;
  readonly generation: number;
  readonly subscription: Subscription;
  /** The id after which events are broadcast to it; those up to it are its own subscription's affair. */
  readonly live_after: string;
  /** Milliseconds since the epoch before which nothing is sent. */
  readonly ready_at: number;
}

const EVERY = "*";
/** What a connection stands and falls with: a session, or a key. */
export function holderOf(actor: Actor): string {
  return "session" in actor ? `session#${actor.session}` : describeActor(actor);
}

const holderKey = ({ id, actor }: Connection) => ({ topic: `h#${holderOf(actor)}`, id });
const connectionKey = (id: string) => ({ topic: `c#${id}`, id: "connection" });
const topicsOf = ({ types }: Subscription) => (types ?? [EVERY]).map((type) => `t#${type}`);

export async function getConnection(store: Store, id: string): Promise<Connection | null> {
  const item = await getItem(store, CONNECTIONS, connectionKey(id), { consistent: true });
  return item ? connectionOf(item) : null;
}

function connectionOf(item: Item): Connection {
  const { topic, expires_at: _, ...rest } = item;
  return { ...rest, id: String(topic).slice(2) } as unknown as Connection;
}

function itemOf({ id, ...rest }: Connection): Item {
  const expires_at = Math.ceil(rest.opened_at / 1000) + CONNECTION_KEPT_S;
  return { ...rest, ...connectionKey(id), expires_at };
}

export async function insertConnection(store: Store, connection: Connection): Promise<void> {
  const item = itemOf(connection);
  await putItem(store, CONNECTIONS, { ...holderKey(connection), expires_at: item.expires_at });
  await putItem(store, CONNECTIONS, item);
}

/** The ids of the connections that stand and fall with a session or a key; some may have ended. */
export async function heldBy(store: Store, holder: string): Promise<string[]> {
  const ids: string[] = [];
  const items = queryAll(store, CONNECTIONS, {
    KeyConditionExpression: "#topic = :topic",
    ExpressionAttributeNames: { "#topic": "topic" },
    ExpressionAttributeValues: { ":topic": `h#${holder}` },
    ConsistentRead: true,
  });
  for await (const { id } of items) ids.push(id as string);
  return ids;
}

/** Forgets that a connection stood and fell with somebody. */
export async function removeHeld(store: Store, holder: string, id: string): Promise<void> {
  await deleteItem(store, CONNECTIONS, { topic: `h#${holder}`, id });
}

/**
 * Begins a connection's next generation: what it listened to is taken away, and nothing is broadcast to it for the time being.
 *
 * @returns false when another subscription of it began first, or it is gone.
 */
export function beginGeneration(store: Store, before: Connection, next: Connection): Promise<boolean> {
  return transact(store, [
    transactPut(store, CONNECTIONS, itemOf(next), isAt(before.generation)),
    ...(before.subscription ? topicsOf(before.subscription) : []).map((topic) =>
      transactDelete(store, CONNECTIONS, { topic, id: before.id }),
    ),
  ]);
}

/**
 * From here on events are broadcast to a connection.
 *
 * @returns false when its generation is over, or it is gone.
 */
export function listen(store: Store, connection: Connection, listener: Listener): Promise<boolean> {
  const expires_at = Math.ceil(connection.opened_at / 1000) + CONNECTION_KEPT_S;
  return transact(store, [
    {
      ConditionCheck: {
        TableName: store.table(CONNECTIONS),
        Key: connectionKey(connection.id),
        ConditionExpression: "#generation = :generation",
        ExpressionAttributeNames: { "#generation": "generation" },
        ExpressionAttributeValues: { ":generation": connection.generation },
      },
    },
    ...topicsOf(listener.subscription).map((topic) =>
      transactPut(store, CONNECTIONS, { ...listener, topic, id: listener.id, expires_at }),
    ),
  ]);
}

/** Whether a connection's present subscription is among those that events are broadcast to. */
export async function isListed(store: Store, { id, generation, subscription }: Connection): Promise<boolean> {
  const [topic] = subscription ? topicsOf(subscription) : [];
  if (topic === undefined) return false;
  const item = await getItem(store, CONNECTIONS, { topic, id }, { consistent: true });
  return item?.generation === generation;
}

/** Takes away a connection and all that it listens to. Twice is harmless. */
export async function removeConnection(
  store: Store,
  id: string,
  subscription: Subscription | null,
): Promise<void> {
  await deleteItem(store, CONNECTIONS, connectionKey(id));
  const topics = subscription ? topicsOf(subscription) : [];
  await Promise.all(topics.map((topic) => deleteItem(store, CONNECTIONS, { topic, id })));
}

/** Everybody who listens to one of these types, newest writes included, each once. */
export async function listenersTo(store: Store, types: Iterable<string>): Promise<Listener[]> {
  const found = new Map<string, Listener>();
  const read = async (type: string) => {
    const items = queryAll(store, CONNECTIONS, {
      KeyConditionExpression: "#topic = :topic",
      ExpressionAttributeNames: { "#topic": "topic" },
      ExpressionAttributeValues: { ":topic": `t#${type}` },
      ConsistentRead: true,
    });
    for await (const item of items) {
      const listener = item as unknown as Listener;
      const held = found.get(listener.id);
      if (!held || held.generation < listener.generation) found.set(listener.id, listener);
    }
  };
  await Promise.all([...new Set([...types, EVERY])].map(read));
  return [...found.values()];
}

function isAt(generation: number) {
  return {
    expression: "#generation = :generation",
    names: { "#generation": "generation" },
    values: { ":generation": generation },
  };
}

export interface Ticket {
  readonly actor: Actor;
  readonly channel: "admin";
  /** Milliseconds since the epoch. */
  readonly valid_until: number;
}

export async function putTicket(store: Store, digest: string, ticket: Ticket): Promise<void> {
  const expires_at = Math.ceil(ticket.valid_until / 1000) + 60;
  await putItem(store, CONNECTIONS, { ...ticket, topic: `k#${digest}`, id: "ticket", expires_at });
}

/** Takes a ticket, once: of several who come with it at the same time one gets it, the others null. */
export async function takeTicket(store: Store, digest: string): Promise<Ticket | null> {
  const key = { topic: `k#${digest}`, id: "ticket" };
  const item = await getItem(store, CONNECTIONS, key, { consistent: true });
  if (!item) return null;
  const taken = await deleteItem(store, CONNECTIONS, key, {
    expression: "attribute_exists(#topic)",
    names: { "#topic": "topic" },
  });
  return taken ? (item as unknown as Ticket) : null;
}
