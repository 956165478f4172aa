import { describe, expect, it } from "vitest";
import { Events, type Fact } from "../events/index.ts";
import { type Broadcaster, firstAfter, forget, peerOf } from "./broadcaster.ts";
import type { Listener } from "./items.ts";
import { newRhythm } from "./rhythm.ts";

const BEGIN = 1_800_000_000_000;

/** One fact a second, each an entry of its own. */
const factOf = (second: number): Fact => {
  const at = BEGIN + second * 1000;
  const id = Events.eventId({ at, seq: BEGIN + second, index: 0 });
  return { type: "device_moved", id, at: new Date(at).toISOString(), data: {} };
};
const endOf = (second: number) => Events.endOf({ at: BEGIN + second * 1000, seq: BEGIN + second });

function broadcasterOf(given: Partial<Broadcaster>): Broadcaster {
  return {
    facts: [],
    from: endOf(0),
    head: { seq: BEGIN, at: BEGIN },
    entries: [],
    passedAt: 0,
    passed: endOf(0),
    owed: new Set(),
    swept: new Set(),
    peers: new Map(),
    rhythms: new Map(),
    statuses: new Map(),
    readingsAtHead: 0,
    ...given,
  };
}

function listenerOf(live_after: string, generation = 1): Listener {
  return { id: "c", generation, subscription: { types: null, cells: null }, live_after, ready_at: 0 };
}

it("finds the first fact after any id, as going through them all does", () => {
  const facts = Array.from({ length: 40 }, (_, n) => factOf(2 * n));
  for (let second = -1; second < 82; second++) {
    for (const id of [factOf(second).id, endOf(second)]) {
      const found = facts.findIndex((fact) => fact.id > id);
      expect(firstAfter(facts, id)).toBe(found === -1 ? facts.length : found);
    }
  }
});

describe("where a listener begins", () => {
  const broadcaster = () => broadcasterOf({ from: endOf(10), passed: endOf(20) });

  it("R5: after its hand-over, or where what is held begins", () => {
    expect(peerOf(broadcaster(), listenerOf(endOf(15)), BEGIN).sentTo).toBe(endOf(15));
    expect(peerOf(broadcaster(), listenerOf(endOf(25)), BEGIN).sentTo).toBe(endOf(25));
    expect(peerOf(broadcaster(), listenerOf(endOf(5)), BEGIN).sentTo).toBe(endOf(10));
  });

  it("R2: anew with each generation", () => {
    const known = broadcaster();
    const peer = peerOf(known, listenerOf(endOf(15)), BEGIN);
    expect(peerOf(known, listenerOf(endOf(17)), BEGIN)).toBe(peer);
    expect(peerOf(known, listenerOf(endOf(17), 2), BEGIN).sentTo).toBe(endOf(17));
  });

  it("R10: where it was, when it is owed what is no longer held", () => {
    const known = broadcaster();
    const peer = peerOf(known, listenerOf(endOf(15)), BEGIN);
    known.from = endOf(18);
    expect(peerOf(known, listenerOf(endOf(15)), BEGIN).sentTo).toBe(endOf(15));
    peer.isOwed = false;
    expect(peerOf(known, listenerOf(endOf(15)), BEGIN).sentTo).toBe(endOf(18));
  });

  it("R10: before what was dropped that nobody had been looked up for", () => {
    const overrun = broadcasterOf({ from: endOf(30), passed: endOf(20) });
    expect(peerOf(overrun, listenerOf(endOf(5)), BEGIN).sentTo).toBe(endOf(20));
  });
});

describe("what is forgotten", () => {
  const now = BEGIN + 200_000;

  it("is what is older than 90 s, once it was passed on", () => {
    const facts = Array.from({ length: 200 }, (_, n) => factOf(n));
    const all = broadcasterOf({ facts, passed: endOf(199) });
    forget(all, now);
    expect([all.facts[0]!.id, all.from]).toEqual([factOf(110).id, factOf(109).id]);
    const some = broadcasterOf({ facts, passed: endOf(49) });
    forget(some, now);
    expect([some.facts[0]!.id, some.from]).toEqual([factOf(50).id, factOf(49).id]);
  });

  it("is a rhythm that nothing waits for and whose bucket is full", () => {
    const filled = (ms: number, cells: [string, number][] = []) => ({
      ...newRhythm(),
      filledAt: now - ms,
      cells: new Map(cells),
    });
    const rhythms = new Map([
      ["old", filled(100_000)],
      ["new", filled(50_000)],
      ["waiting", filled(100_000, [["g0", 0]])],
    ]);
    forget(broadcasterOf({ rhythms }), now);
    expect([...rhythms.keys()]).toEqual(["new", "waiting"]);
  });
});
