import type { World } from "../ctx.ts";
import { Conflict, Gone } from "../errors.ts";
import { Events } from "../events/index.ts";
import { iso } from "../id.ts";
import { parseOrThrow } from "../verb.ts";
import { closed, find } from "./connections.ts";
import { startAt } from "./cursor.ts";
import { beginGeneration, type Connection } from "./items.ts";
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
  await endingOnFault(world, peers, id, async () => {
    const connection = await begin(world, id, subscriptionOf(input));
    if (!(await serve(world, peers, connection, input.since))) await end(world, peers, id);
  });
}

/** @returns false when the connection did not take a message */
async function serve(
  world: World,
  peers: Peers,
  connection: Connection,
  since: string | undefined,
): Promise<boolean> {
  const start = await startAt(world, since);
  const now = iso(world.now());
  const subscription = connection.subscription!;
  const said = { ...subscription, since: since ?? null };
  const words = [controlMessage("subscribed", start.after, now, said)];
  if (start.reason) words.push(snapshotRequired(start.head, now, start.reason));
  for (const text of words) if ((await peers.post(connection.id, text)) !== "sent") return false;
  return replay(world, peers, connection, subscription, start.after);
}

/** Makes a connection hear nothing until it subscribes again. @throws Gone when it has ended. */
export async function unsubscribe(world: World, peers: Peers, id: string): Promise<void> {
  await endingOnFault(world, peers, id, async () => {
    await begin(world, id, null);
    const head = await Events.head(world);
    await peers.post(id, controlMessage("unsubscribed", Events.endOf(head), iso(world.now())));
  });
}

async function begin(world: World, id: string, subscription: Subscription | null): Promise<Connection> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await find(world, id);
    if (!before) throw new Gone("The connection has ended.");
    const generation = before.generation + 1;
    const next = { ...before, generation, begun_at: world.now(), subscription };
    if (await beginGeneration(world.store, before, next)) return next;
  }
  throw new Conflict("Other subscriptions of this connection came first; try again.");
}

/** Ends the connection when its subscription breaks off: the one before may be gone, and what was said of the next would not hold. */
async function endingOnFault(
  world: World,
  peers: Peers,
  id: string,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Conflict)) await end(world, peers, id);
    throw error;
  }
}

async function end(world: World, peers: Peers, id: string): Promise<void> {
  await closed(world, id).catch((error: unknown) => {
    world.log.warn("A connection that is closed could not be taken away.", { connection_id: id, error });
  });
  await peers.close(id);
}
