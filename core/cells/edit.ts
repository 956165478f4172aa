import { boundsOf, contains, union } from "./bounds.ts";
import {
  type Directory,
  type Entry,
  entryFor,
  LEVEL_BITS,
  MAX_ENTRIES,
  vacantPrefix,
  withEntries,
} from "./directory.ts";
import { keyOf, siblingOf } from "./key.ts";
import type { Member } from "./member.ts";
import {
  encodeMembers,
  MAX_MEMBERS,
  MAX_ROSTER_BYTES,
  MERGE_MEMBERS,
  type Roster,
  sameMember,
} from "./roster.ts";

/** The packed observations of a cell, as stored: a split or merge carries them over unread. */
export interface StoredObservation {
  readonly version: number;
  readonly wave: number;
  readonly at: number;
  readonly packed: Uint8Array;
}

/** A part of the trees, read consistently, and what is to become of it. Pure: reading and writing it is `place.ts`'s. */
export interface Draft {
  readonly directories: Map<string, Directory>;
  /** null: the cell is to go. */
  readonly rosters: Map<string, Roster | null>;
  readonly observations: Map<string, StoredObservation>;
  /** What differs from what was read. */
  readonly changedDirectories: Set<string>;
  readonly changedRosters: Set<string>;
  /** Cells whose observations a split or merge carried over from others. */
  readonly carried: Set<string>;
  /** The version that a new cell begins with: by chance, so that a cell made anew hardly bears a version it had before. */
  readonly firstVersion: number;
}

export function newDraft(firstVersion: number): Draft {
  return {
    directories: new Map(),
    rosters: new Map(),
    observations: new Map(),
    changedDirectories: new Set(),
    changedRosters: new Set(),
    carried: new Set(),
    firstVersion,
  };
}

/** The directory that would hold the cell of `key`: the finest one loaded on the way down from its tree's root. */
export function directoryFor(draft: Draft, key: string): Directory {
  let directory = draft.directories.get(key[0]!)!;
  for (;;) {
    const entry = entryFor(directory, key);
    const finer = entry?.kind === "directory" ? draft.directories.get(entry.prefix) : undefined;
    if (!finer) return directory;
    directory = finer;
  }
}

/** Takes a finer directory, which is no more, out of the one above it. */
export function dropFiner(draft: Draft, prefix: string): void {
  putDirectory(draft, withEntries(directoryFor(draft, prefix), new Set([prefix]), []));
}

/** Puts a member where it belongs: into the cell that covers it, or a new one where none does. */
export function upsert(draft: Draft, member: Member): void {
  const key = keyOf(member);
  const directory = directoryFor(draft, key);
  const cell = entryFor(directory, key)?.prefix ?? vacantPrefix(directory, key);
  const roster = draft.rosters.get(cell) ?? { cell, version: draft.firstVersion - 1, members: [] };
  const place = roster.members.findIndex((one) => one.id === member.id);
  if (place >= 0 && sameMember(roster.members[place]!, member)) return;
  const members = place >= 0 ? roster.members.with(place, member) : [...roster.members, member];
  settle(draft, directory, { cell, version: roster.version + 1, members });
}

/** Takes a node out of the cell that covers `key`, if it is there. Merges a cell that got too empty with its other half. */
export function remove(draft: Draft, key: string, id: string): void {
  const directory = directoryFor(draft, key);
  const cell = entryFor(directory, key)?.prefix;
  const roster = cell === undefined ? null : draft.rosters.get(cell);
  if (!cell || !roster?.members.some((one) => one.id === id)) return;
  const members = roster.members.filter((one) => one.id !== id);
  if (members.length === 0) return vacate(draft, directory, cell);
  const sibling = siblingOf(cell);
  const other = sibling && cell.length > directory.prefix.length ? draft.rosters.get(sibling) : null;
  const half = sibling ? directory.entries.find((entry) => entry.prefix === sibling) : undefined;
  if (other && half?.kind === "cell" && members.length + other.members.length <= MERGE_MEMBERS) {
    return merge(draft, directory, { ...roster, members }, other);
  }
  settle(draft, directory, { cell, version: roster.version + 1, members });
}

/** Splits every changed cell that got too full; the last step of a draft. */
export function splitFull(draft: Draft): void {
  // Those changed so far: splitting one changes others.
  const changed = Array.from(draft.changedRosters);
  for (const cell of changed) {
    const roster = draft.rosters.get(cell);
    if (!roster) continue;
    const leaves = splitWhileFull(roster);
    if (leaves.length === 1 && leaves[0] === roster) continue;
    const observed = draft.observations.get(cell);
    const directory = directoryFor(draft, cell);
    forget(draft, cell);
    const entries = leaves.map((leaf) => {
      putRoster(draft, leaf.cell, draft.firstVersion, leaf.members);
      // Each part gets the whole observation: who is not in a part is not looked up there, and the next sweep packs anew.
      const observation = observed && { ...observed, version: observed.version + 1 };
      if (observation) carry(draft, leaf.cell, observation);
      return entryOf(leaf.cell, leaf.members, draft.firstVersion, observation?.version ?? 0);
    });
    putDirectory(draft, withEntries(directory, new Set([cell]), entries));
  }
}

function settle(draft: Draft, directory: Directory, { cell, version, members }: Roster): void {
  putRoster(draft, cell, version, members);
  const observed = draft.observations.get(cell)?.version ?? 0;
  putDirectory(draft, withEntries(directory, new Set(), [entryOf(cell, members, version, observed)]));
}

function splitWhileFull(roster: Roster, keys = roster.members.map((member) => keyOf(member))): Roster[] {
  const { cell, members } = roster;
  const full =
    members.length > MAX_MEMBERS || (members.length > 1 && encodeMembers(members).length > MAX_ROSTER_BYTES);
  if (!full || cell.length >= keys[0]!.length) return [roster];
  return ["0", "1"].flatMap((bit) => {
    const isIn = (_: unknown, i: number) => keys[i]![cell.length] === bit;
    const half = { ...roster, cell: cell + bit, members: members.filter(isIn) };
    const halfKeys = keys.filter((key) => key[cell.length] === bit);
    return halfKeys.length === 0 ? [] : splitWhileFull(half, halfKeys);
  });
}

function merge(draft: Draft, directory: Directory, a: Roster, b: Roster): void {
  const cell = a.cell.slice(0, -1);
  const members = [...a.members, ...b.members];
  const seen = [draft.observations.get(a.cell), draft.observations.get(b.cell)].filter(
    (one) => one !== undefined,
  );
  if (seen.length > 0) {
    carry(draft, cell, {
      version: Math.max(...seen.map((one) => one.version)) + 1,
      wave: Math.max(...seen.map((one) => one.wave)),
      at: Math.min(...seen.map((one) => one.at)),
      packed: Buffer.concat(seen.map((one) => one.packed)),
    });
  }
  forget(draft, a.cell);
  forget(draft, b.cell);
  putRoster(draft, cell, draft.firstVersion, members);
  const entry = entryOf(cell, members, draft.firstVersion, draft.observations.get(cell)?.version ?? 0);
  putDirectory(draft, withEntries(directory, new Set([a.cell, b.cell]), [entry]));
}

function vacate(draft: Draft, directory: Directory, cell: string): void {
  forget(draft, cell);
  putDirectory(draft, withEntries(directory, new Set([cell]), []));
}

function forget(draft: Draft, cell: string): void {
  draft.rosters.set(cell, null);
  draft.changedRosters.add(cell);
}

function carry(draft: Draft, cell: string, observation: StoredObservation): void {
  draft.observations.set(cell, observation);
  draft.carried.add(cell);
}

function putRoster(draft: Draft, cell: string, version: number, members: readonly Member[]): void {
  draft.rosters.set(cell, { cell, version, members });
  draft.changedRosters.add(cell);
}

function entryOf(
  cell: string,
  members: readonly Member[],
  rosterVersion: number,
  observedVersion: number,
): Entry {
  return {
    prefix: cell,
    kind: "cell",
    count: members.length,
    rosterVersion: rosterVersion & 0xffff,
    observedVersion: observedVersion & 0xffff,
    bounds: boundsOf(cell, members),
  };
}

/** Puts a directory back, hands its fullest parts down if it is over-full, and widens its own entry above if it outgrew it. */
function putDirectory(draft: Draft, directory: Directory): void {
  const kept = handDown(draft, directory);
  draft.directories.set(kept.prefix, kept);
  draft.changedDirectories.add(kept.prefix);
  if (kept.prefix.length > 1) tellAbove(draft, kept);
}

/** The directory with its fullest parts handed to finer ones (and by these to still finer ones) until it is no longer over-full. */
function handDown(draft: Draft, directory: Directory): Directory {
  let surplus = directory.entries.length - MAX_ENTRIES;
  if (surplus <= 0) return directory;
  const length = directory.prefix.length + LEVEL_BITS;
  const parts = Map.groupBy(
    directory.entries.filter((entry) => entry.prefix.length >= length && entry.kind === "cell"),
    (entry) => entry.prefix.slice(0, length),
  );
  const handed = new Set<string>();
  const finer: Entry[] = [];
  for (const [prefix, entries] of [...parts].sort((a, b) => b[1].length - a[1].length)) {
    if (surplus <= 0 || entries.length < 2) break;
    // One that this draft emptied is still stored, and is written over.
    const revision = draft.directories.get(prefix)?.revision ?? 0;
    draft.directories.set(prefix, handDown(draft, { prefix, revision, entries }));
    draft.changedDirectories.add(prefix);
    finer.push(directoryEntry(prefix, entries));
    for (const entry of entries) handed.add(entry.prefix);
    surplus -= entries.length - 1;
  }
  return withEntries(directory, handed, finer);
}

function directoryEntry(prefix: string, entries: readonly Entry[]): Entry {
  const bounds = entries.reduce(
    (all: Entry["bounds"] | undefined, entry) => union(all, entry.bounds),
    undefined,
  )!;
  return { prefix, kind: "directory", count: 1, rosterVersion: 0, observedVersion: 0, bounds };
}

function tellAbove(draft: Draft, directory: Directory): void {
  const above = draft.directories.get(directory.prefix.slice(0, -LEVEL_BITS));
  const entry = above?.entries.find((one) => one.prefix === directory.prefix);
  if (!above || !entry) return;
  if (directory.entries.length === 0) {
    draft.directories.set(directory.prefix, { ...directory, entries: [] });
    return putDirectory(draft, withEntries(above, new Set([directory.prefix]), []));
  }
  const now = directoryEntry(directory.prefix, directory.entries);
  if (contains(entry.bounds, now.bounds)) return;
  const wider = { ...now, bounds: union(entry.bounds, now.bounds) };
  putDirectory(draft, withEntries(above, new Set(), [wider]));
}
