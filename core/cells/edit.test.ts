import fc from "fast-check";
import { expect, test } from "vitest";
import { boundsOf, contains } from "./bounds.ts";
import { type Directory, entryFor, LEVEL_BITS, MAX_ENTRIES } from "./directory.ts";
import { type Draft, dropFiner, newDraft, remove, splitFull, upsert } from "./edit.ts";
import { hashOf, keyOf } from "./key.ts";
import type { Member } from "./member.ts";
import { encodeObservations } from "./observation.ts";
import { MAX_MEMBERS } from "./roster.ts";

/** A member; a `wide` one has a name of over a kilobyte that does not compress, so that a few of them fill a cell. */
function member(id: string, lat: number, lng: number, wide = false): Member {
  return {
    id,
    name: wide ? noise(hashOf(id).readUInt32BE()) : id,
    lat,
    lng,
    endpoint: `http://${id}.example.com`,
    probe_url: undefined,
    role: undefined,
    region: undefined,
    provider: undefined,
    labels: [],
    services: [],
    service_radius_km: undefined,
    capacity: 1,
    draining: false,
    drain_deadline: undefined,
    epoch: 1,
  };
}

function noise(seed: number): string {
  let text = "";
  for (let state = seed; text.length < 1400; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += String.fromCharCode(40 + (state >>> 26), 40 + ((state >>> 20) & 63));
  }
  return text;
}

function emptyTree(): Draft {
  const draft = newDraft(1);
  for (const prefix of ["g", "n"]) draft.directories.set(prefix, { prefix, revision: 1, entries: [] });
  return draft;
}

/** What every reader of the trees relies on. */
function check(draft: Draft, truth: ReadonlyMap<string, Member>): void {
  const held: string[] = [];
  const look = (directory: Directory): void => {
    expect(directory.entries.map((entry) => entry.prefix)).toEqual(
      directory.entries.map((entry) => entry.prefix).sort(),
    );
    for (const [i, entry] of directory.entries.entries()) {
      expect(entry.prefix.startsWith(directory.prefix)).toBe(true);
      expect(directory.entries[i + 1]?.prefix.startsWith(entry.prefix) ?? false).toBe(false);
      if (entry.kind === "directory") {
        const finer = draft.directories.get(entry.prefix)!;
        expect(entry.prefix.length).toBe(directory.prefix.length + LEVEL_BITS);
        expect(finer.entries.length).toBeGreaterThan(0);
        for (const below of finer.entries) expect(contains(entry.bounds, below.bounds)).toBe(true);
        look(finer);
        continue;
      }
      const { members, version } = draft.rosters.get(entry.prefix)!;
      expect(entry.count).toBe(members.length);
      expect(entry.rosterVersion).toBe(version & 0xffff);
      expect(entry.observedVersion).toBe((draft.observations.get(entry.prefix)?.version ?? 0) & 0xffff);
      expect(entry.bounds).toEqual(boundsOf(entry.prefix, members));
      expect(members.length).toBeGreaterThan(0);
      expect(members.length).toBeLessThanOrEqual(MAX_MEMBERS);
      for (const one of members) {
        expect(keyOf(one).startsWith(entry.prefix)).toBe(true);
        expect(one).toEqual(truth.get(one.id));
        held.push(one.id);
      }
    }
  };
  look(draft.directories.get("g")!);
  look(draft.directories.get("n")!);
  expect(held.sort()).toEqual([...truth.keys()].sort());
}

const spot = fc.oneof(
  fc.record({
    lat: fc.double({ min: 47, max: 47.5, noNaN: true }),
    lng: fc.double({ min: 8, max: 8.5, noNaN: true }),
  }),
  fc.record({
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    lng: fc.double({ min: -180, max: 180, noNaN: true }),
  }),
  fc.constant({ lat: -17.7, lng: 180 }),
);

test("whatever comes and goes, each node is in one cell, and every entry tells the truth of its cell", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.nat({ max: 60 }), at: fc.option(spot, { freq: 3 }) }), {
        minLength: 50,
        maxLength: 200,
      }),
      fc.integer({ min: 1, max: 25 }),
      (changes, together) => {
        const draft = emptyTree();
        const truth = new Map<string, Member>();
        for (const [i, { id, at }] of changes.entries()) {
          const before = truth.get(`${id}`);
          const after = at ? member(`${id}`, at.lat, at.lng, true) : undefined;
          if (before && (!after || keyOf(before) !== keyOf(after))) remove(draft, keyOf(before), before.id);
          if (after) upsert(draft, after);
          if (after) truth.set(after.id, after);
          else truth.delete(`${id}`);
          if (i % together === 0) {
            splitFull(draft);
            draft.changedRosters.clear();
          }
        }
        splitFull(draft);
        check(draft, truth);
      },
    ),
    { numRuns: 25 },
  );
});

/** A crowd in one metropolis: more cells than a finer directory takes, or one still finer. */
function crowd(): { draft: Draft; truth: Map<string, Member> } {
  const draft = emptyTree();
  const truth = new Map<string, Member>();
  for (let i = 0; i < 2000; i++) {
    const one = member(`m${i}`, 40 + ((i * 7919) % 2000) / 4000, -74 + ((i * 104_729) % 2000) / 4000, true);
    truth.set(one.id, one);
    upsert(draft, one);
    if (i % 100 === 99) {
      splitFull(draft);
      draft.changedRosters.clear();
    }
  }
  return { draft, truth };
}

test("directories hand down what they can't hold, a finer one too, and take back nothing but emptiness", () => {
  const { draft, truth } = crowd();
  check(draft, truth);
  const depths = new Set([...draft.directories.keys()].map((prefix) => prefix.length));
  expect([...depths].sort((a, b) => a - b).slice(0, 3)).toEqual([1, 1 + LEVEL_BITS, 1 + 2 * LEVEL_BITS]);
  for (const { entries } of draft.directories.values()) {
    expect(entries.length).toBeLessThanOrEqual(MAX_ENTRIES);
  }
  for (const one of [...truth.values()].slice(3)) {
    remove(draft, keyOf(one), one.id);
    truth.delete(one.id);
  }
  splitFull(draft);
  check(draft, truth);
  for (const one of truth.values()) remove(draft, keyOf(one), one.id);
  check(draft, new Map());
  expect(draft.directories.get("g")!.entries).toEqual([]);
});

test("what is above a finer directory that is gone no longer names it, and its nodes find a place again", () => {
  const { draft, truth } = crowd();
  const finest = [...draft.directories.keys()].sort((a, b) => b.length - a.length)[0]!;
  const lost = [...truth.values()].filter((one) => keyOf(one).startsWith(finest));
  expect(lost.length).toBeGreaterThan(10);
  draft.directories.delete(finest);
  dropFiner(draft, finest);
  for (const one of lost) truth.delete(one.id);
  check(draft, truth);
  for (const one of lost.slice(0, 10)) {
    upsert(draft, one);
    truth.set(one.id, one);
  }
  splitFull(draft);
  check(draft, truth);
});

const seen = {
  health: "healthy",
  cpu_usage: 1,
  memory_usage: 1,
  active_connections: 1,
  active_agents: 0,
} as const;

test("a split hands its observation to every part, a merge joins those of both", () => {
  const draft = emptyTree();
  const all = Array.from({ length: 100 }, (_, i) => member(`o${i}`, i < 50 ? -10 : 10, 20 + i / 100));
  for (const one of all.slice(0, 60)) upsert(draft, one);
  splitFull(draft);
  const [cell] = draft.directories.get("g")!.entries;
  const packed = encodeObservations(
    new Map(all.map((one) => [one.id, { ...seen, epoch: 1, failures: 0, successes: 1 }])),
  );
  draft.observations.set(cell!.prefix, { version: 7, wave: 30, at: 30_000, packed });
  for (const one of all.slice(60)) upsert(draft, one);
  splitFull(draft);
  const parts = draft.directories.get("g")!.entries;
  expect(parts.length).toBeGreaterThan(1);
  for (const { prefix } of parts) {
    expect(draft.observations.get(prefix)).toMatchObject({ version: 8, wave: 30, at: 30_000 });
    expect(draft.carried.has(prefix)).toBe(true);
  }
  const south = entryFor(draft.directories.get("g")!, keyOf(all[0]!))!.prefix;
  draft.observations.set(south, { ...draft.observations.get(south)!, version: 12, wave: 60, at: 60_000 });
  for (const one of all.filter((_, i) => i % 50 >= 8)) remove(draft, keyOf(one), one.id);
  const [merged, ...others] = draft.directories.get("g")!.entries;
  expect(others).toEqual([]);
  expect(draft.observations.get(merged!.prefix)).toMatchObject({ version: 13, wave: 60, at: 30_000 });
});
