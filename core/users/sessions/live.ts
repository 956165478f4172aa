import { memoryOf, type World } from "../../ctx.ts";
import { isOn } from "./family.ts";
import { getSession } from "./items.ts";

/** Milliseconds for which an answer of the store stands: with them, an ended session is refused everywhere within five seconds. */
export const LIVE_MS = 4000;
const MAX_HELD = 10_000;

const MEMORY = Symbol("live sessions");

interface Held {
  /** When it was asked, in ms. */
  readonly at: number;
  readonly live: Promise<boolean>;
}

function heldBy(world: World): Map<string, Held> {
  return memoryOf(world, MEMORY, () => new Map<string, Held>());
}

/** Whether a session still goes on, as it was at most four seconds ago. @throws Unavailable when the store can't be read. */
export function isLive(world: World, sessionId: string): Promise<boolean> {
  const held = heldBy(world);
  const known = held.get(sessionId);
  const at = world.now();
  if (known && at - known.at < LIVE_MS) return known.live;
  const live = getSession(world.store, sessionId).then((session) => session !== null && isOn(session, at));
  hold(held, sessionId, { at, live });
  live.catch(() => {
    if (held.get(sessionId)?.live === live) held.delete(sessionId);
  });
  return live;
}

/** Whether a session goes on at this very moment, whatever this process knew. @throws Unavailable when the store can't be read. */
export async function isLiveNow(world: World, sessionId: string): Promise<boolean> {
  const session = await getSession(world.store, sessionId);
  return session !== null && isOn(session, world.now());
}

/** Has this process know at once that a session ended here. */
export function forget(world: World, sessionId: string): void {
  hold(heldBy(world), sessionId, { at: world.now(), live: Promise.resolve(false) });
}

// A map keeps the order of its entries, so the first are those asked for longest ago.
function hold(held: Map<string, Held>, sessionId: string, entry: Held): void {
  held.delete(sessionId);
  held.set(sessionId, entry);
  for (const [id, { at }] of held) {
    if (held.size <= MAX_HELD && entry.at - at < LIVE_MS) break;
    held.delete(id);
  }
}
