import type { World } from "../ctx.ts";
import { iso, newId } from "../id.ts";
import { type Connection, getConnection, isListed } from "./items.ts";
import { controlMessage } from "./message.ts";
import type { Peers } from "./peers.ts";

/** A subscription is in the list before its function's time is up, or never. */
const LISTED_WITHIN_MS = 40_000;

/**
 * Answers a ping. A connection that nobody sends to, since what served it broke off half-way, is ended instead: its client comes back
 * with its cursor.
 */
export async function ping(world: World, peers: Peers, id: string): Promise<void> {
  const connection = await getConnection(world.store, id);
  if (!connection || (await isStranded(world, connection))) {
    world.log.warn("A connection that is not served was closed", { connection_id: id });
    await peers.close(id);
    return;
  }
  await peers.post(id, controlMessage("pong", newId(world), iso(world.now())));
}

async function isStranded(world: World, connection: Connection): Promise<boolean> {
  if (!connection.subscription || world.now() - connection.begun_at < LISTED_WITHIN_MS) return false;
  return !(await isListed(world.store, connection));
}
