import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../ctx.ts";
import { Events } from "../events/index.ts";
import { type Broadcaster, type Peer, peerOf } from "./broadcaster.ts";
import { openComposer, type Sending } from "./compose.ts";
import { type Listener, listenersTo, removeConnection } from "./items.ts";
import type { Peers } from "./peers.ts";

const MAX_FAILURES = 3;

/**
 * Sends each listener at most one message of what it has not been sent, and waits for the answers, `waitMs` at most (SPEC R6, R10).
 *
 * @returns whether nobody is owed a fact any more; readings that found no room go out when the next entry wakes the broadcaster
 */
export async function pass(
  world: World,
  peers: Peers,
  broadcaster: Broadcaster,
  waitMs: number,
): Promise<boolean> {
  const began = performance.now();
  const { owed, swept, rhythms } = broadcaster;
  if (swept.size > 0 || [...rhythms.values()].some(({ cells }) => cells.size > 0)) {
    owed.add("node_health_updated");
  }
  if (owed.size === 0) return true;
  const listeners = await listenersTo(world.store, owed);
  broadcaster.swept = new Set();
  const compose = openComposer(world, broadcaster, listeners, swept);
  const sends: Promise<boolean>[] = [];
  let isDone = true;
  for (const listener of listeners) {
    const now = world.now();
    const peer = peerOf(broadcaster, listener, now);
    const isBusy = peer.isSending || listener.ready_at > now;
    const composed = isBusy ? "later" : await compose(listener, peer, now);
    peer.isOwed = composed !== "nothing";
    if (composed === "later") isDone = false;
    if (typeof composed === "string") continue;
    sends.push(send(world, peers, broadcaster, listener, peer, composed));
    await paced(world, sends.length, began);
  }
  broadcaster.passed = Events.endOf(broadcaster.head);
  const rest = sleep(Math.max(0, began + waitMs - performance.now()), [false]);
  const ends = await Promise.race([Promise.all(sends), rest]);
  isDone &&= ends.every(Boolean);
  if (isDone) owed.clear();
  // Where nobody was sent anything, the next pass need not wait.
  if (sends.length > 0 || !isDone) broadcaster.passedAt = began;
  return isDone;
}

/** Starts no more posts a second than broadcasting's share of what an account may send. */
async function paced({ config }: World, started: number, began: number): Promise<void> {
  if (started % Math.ceil(config.ARX_BROADCAST_RATE / 20) !== 0) return;
  const due = began + (started / config.ARX_BROADCAST_RATE) * 1000;
  if (due > performance.now()) await sleep(due - performance.now());
}

/** @returns whether there is nothing more to send to it for now. */
async function send(
  world: World,
  peers: Peers,
  broadcaster: Broadcaster,
  listener: Listener,
  peer: Peer,
  sending: Sending,
): Promise<boolean> {
  peer.isSending = true;
  peer.lastSentAt = world.now();
  const posted = await peers.post(listener.id, sending.text);
  peer.isSending = false;
  if (posted === "sent") {
    peer.sentTo = sending.sentTo;
    peer.failures = 0;
    peer.behindSince = sending.isWhole ? undefined : (peer.behindSince ?? peer.lastSentAt);
    // A pass that came meanwhile may have had more for it.
    peer.isOwed = !sending.isWhole || sending.sentTo < broadcaster.passed;
    return sending.isWhole;
  }
  peer.failures += 1;
  peer.behindSince ??= peer.lastSentAt;
  if (posted === "failed" && peer.failures < MAX_FAILURES) return false;
  broadcaster.peers.delete(listener.id);
  if (posted === "failed") await peers.close(listener.id);
  await removeConnection(world.store, listener.id, listener.subscription).catch((error: unknown) => {
    world.log.warn("A connection that has ended could not be taken away.", { error });
  });
  return true;
}
