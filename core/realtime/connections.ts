import type { Actor, World } from "../ctx.ts";
import { Events } from "../events/index.ts";
import {
  type Connection,
  getConnection,
  heldBy,
  holderOf,
  insertConnection,
  listen,
  removeConnection,
  removeHeld,
} from "./items.ts";
import type { Peers } from "./peers.ts";

/** A connection that never subscribes hears of everything, once there was time to say otherwise. */
const GRACE_MS = 1000;

/**
 * Files a connection that is being opened (SPEC R1).
 *
 * @param manual whether it hears nothing until it subscribes
 */
export async function open(world: World, id: string, actor: Actor, manual: boolean): Promise<void> {
  const subscription = manual ? null : { types: null, cells: null };
  const opened_at = world.now();
  const connection: Connection = {
    id,
    actor,
    channel: "admin",
    opened_at,
    generation: 1,
    begun_at: opened_at,
    subscription,
  };
  await insertConnection(world.store, connection);
  if (!subscription) return;
  const live_after = Events.endOf(await Events.head(world));
  const ready_at = opened_at + GRACE_MS;
  await listen(world.store, connection, { id, generation: 1, subscription, live_after, ready_at });
}

/** Forgets a connection that has ended. Twice is harmless. */
export async function closed(world: World, id: string): Promise<void> {
  const connection = await getConnection(world.store, id);
  if (!connection) return;
  await removeConnection(world.store, id, connection.subscription);
  await removeHeld(world.store, holderOf(connection.actor), id);
}

/** Ends every connection of a session or a key that has ended (SPEC R11). Twice is harmless. */
export async function endAll(world: World, peers: Pick<Peers, "close">, holder: string): Promise<void> {
  for (const id of await heldBy(world.store, holder)) {
    await peers.close(id);
    await closed(world, id);
    await removeHeld(world.store, holder, id);
  }
}

/** A connection; null when there is no such one, or none any more. */
export function find(world: World, id: string): Promise<Connection | null> {
  return getConnection(world.store, id);
}
