import type { World } from "../ctx.ts";
import { Conflict } from "../errors.ts";
import { Events } from "../events/index.ts";
import { iso } from "../id.ts";
import { parseOrThrow } from "../verb.ts";
import { find } from "./connections.ts";
import { startAt } from "./cursor.ts";
import { beginGeneration, type Connection, removeConnection } from "./items.ts";
import { controlMessage, snapshotRequired } from "./message.ts";
import type { Peers } from "./peers.ts";
import { replay } from "./replay.ts";
import { type Subscription, subscribeInput, subscriptionOf } from "./schema.ts";

const TRIES = 5;

/**
 * Makes a connection listen to what it asks for, and sends first what it missed since the event it names (SPEC R2–R5). What goes wrong
 * with the connection itself ends it; the client comes back with its cursor.
 *
 * @throws Invalid for what can't be asked for: the subscription it had stands then. Gone when the connection has ended.
 */
export async function subscribe(world: World, peers: Peers, id: string, asked: unknown): Promise<void> {
  const input = parseOrThrow(subscribeInput, asked, "The subscription");
  const subscription = subscriptionOf(input);
  const connection = await begin(world, id, subscription);
  const start = await startAt(world, input.since);
  const now = iso(world.now());
  const said = { ...subscription, since: input.since ?? null };
  const words = [controlMessage("subscribed", start.after, now, said)];
  if (start.reason) words.push(snapshotRequired(start.head, now, start.reason));
  for (const text of words) {
    if ((await peers.post(id, text)) === "sent") continue;
    await drop(world, peers, connection);
    return;
  }
  const kept = await replay(world, peers, connection, subscription, start.after);
  if (!kept) await drop(world, peers, connection);
}

/** Makes a connection hear nothing until it subscribes again. @throws Gone when it has ended. */
export async function unsubscribe(world: World, peers: Peers, id: string): Promise<void> {
  await begin(world, id, null);
  const head = await Events.head(world);
  await peers.post(id, controlMessage("unsubscribed", Events.endOf(head), iso(world.now())));
}

async function begin(world: World, id: string, subscription: Subscription | null): Promise<Connection> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await find(world, id);
    const next = { ...before, generation: before.generation + 1, subscription };
    if (await beginGeneration(world.store, before, next)) return next;
  }
  throw new Conflict("Other subscriptions of this connection came first; try again.");
}

async function drop(world: World, peers: Peers, connection: Connection): Promise<void> {
  await removeConnection(world.store, connection.id, connection.subscription);
  await peers.close(connection.id);
}
