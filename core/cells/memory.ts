import {
  type Atlas,
  buildAtlas,
  createScratch,
  type Patch,
  type Points,
  pointsOf,
  type Scratch,
} from "../atlas/index.ts";
import { memoryOf, type World } from "../ctx.ts";
import { kmToChord2 } from "../geo/index.ts";
import { contains } from "./bounds.ts";
import type { Directory, Entry } from "./directory.ts";
import type { StoredObservation } from "./edit.ts";
import type { Member } from "./member.ts";
import { decodeObservations } from "./observation.ts";
import type { Roster } from "./roster.ts";
import type { FleetSigns, NodeObservation } from "./state.ts";
import type { Found } from "./stored.ts";

/** A node as routing sees it: who it is, and what was last seen of it. Never changed, for an answer may be under way with it. */
export interface Routable {
  readonly member: Member;
  /** Squared chord of its service radius; Infinity without one. */
  readonly reach: number;
  /** undefined until it was seen in its present activation. */
  readonly observation: NodeObservation | undefined;
  /** Milliseconds since the epoch; of the observation. */
  readonly observedAt: number;
}

/** A cell in memory. */
export interface Resident {
  roster: Roster;
  nodes: readonly Routable[];
  readonly points: Points;
  observedVersion: number;
  /** When the read of its roster, and of its observation, was begun. */
  readonly readAt: number;
  observationReadAt: number;
}

export interface KnownDirectory {
  readonly directory: Directory;
  /** Its entries that are finer directories. */
  readonly finer: readonly Entry[];
  /** When the read of it was begun: what was written later may be missing in it. */
  readonly readAt: number;
}

/** A patch of the atlas and what it stands for. */
export interface Leaf {
  readonly entry: Entry;
  readonly directory: KnownDirectory;
  readonly resident: Resident | undefined;
}

/** What one warm router remembers of the fleet: directories and cells it needed so far, and the atlas over them. */
export interface CellMemory {
  readonly directories: Map<string, KnownDirectory>;
  readonly residents: Map<string, Resident>;
  signs: FleetSigns;
  atlas: Atlas | undefined;
  leaves: Leaf[];
  readonly scratch: Scratch;
  /** The read of the root that is under way, shared by all who wait for it. */
  refreshing: Promise<void> | undefined;
}

/** Cells kept in memory at most: some 200 000 nodes. */
const MAX_RESIDENTS = 4096;
export const MAX_K = 32;
const QUIET: FleetSigns = { protected: false, routers: 1, routes_per_s: 0 };
const KEY = Symbol("cells");

export function cellMemory(world: World): CellMemory {
  return memoryOf(world, KEY, () => ({
    directories: new Map(),
    residents: new Map(),
    signs: QUIET,
    atlas: undefined,
    leaves: [],
    scratch: createScratch(MAX_K, 64),
    refreshing: undefined,
  }));
}

/** What was asked of the store, and when. */
export interface Asked {
  readonly directories: readonly string[];
  /** When the read was begun. */
  readonly readAt: number;
  readonly consistent: boolean;
}

/** Takes in what was read; a directory that was asked for and not found is forgotten. */
export function remember(memory: CellMemory, found: Found, asked: Asked): void {
  const { readAt } = asked;
  for (const prefix of asked.directories) {
    const directory = found.directories.get(prefix);
    const known = memory.directories.get(prefix);
    if (!directory) {
      // Missing says something only of the root, or of one that was there: a guess that missed is no news.
      if (prefix === "g")
        memory.directories.set(prefix, knownAs({ prefix, revision: 0, entries: [] }, readAt));
      else memory.directories.delete(prefix);
      if (known || prefix === "g") memory.atlas = undefined;
      continue;
    }
    // Eventually consistent reads may go back in time; what is known does not, unless the store itself did.
    if (known && (asked.consistent ? known.readAt > readAt : known.directory.revision > directory.revision))
      continue;
    memory.directories.set(prefix, knownAs(directory, readAt));
    if (known?.directory.revision !== directory.revision && !samePlaces(known?.directory, directory)) {
      memory.atlas = undefined;
    } else if (memory.atlas) {
      refreshEntries(memory, prefix);
    }
  }
  if (found.signs) memory.signs = found.signs;
  for (const [cell, roster] of found.rosters) {
    memory.residents.delete(cell);
    memory.residents.set(cell, residentOf(roster, found.observations.get(cell), readAt));
    memory.atlas = undefined;
  }
  for (const [cell, observation] of found.observations) {
    const resident = memory.residents.get(cell);
    if (resident && !found.rosters.has(cell)) observe(resident, observation, readAt);
  }
  evict(memory);
}

function knownAs(directory: Directory, readAt: number): KnownDirectory {
  return { directory, readAt, finer: directory.entries.filter((entry) => entry.kind === "directory") };
}

/** Marks a directory's copy as wrong: it names something that the store has no more. */
export const WRONG = Number.NEGATIVE_INFINITY;

export function markWrong(memory: CellMemory, { directory }: KnownDirectory): void {
  const known = memory.directories.get(directory.prefix);
  if (known?.directory === directory) memory.directories.set(directory.prefix, { ...known, readAt: WRONG });
}

/** Whether the search would be the same: cells whose rosters did not change, finer directories whose bounds did not grow. */
function samePlaces(before: Directory | undefined, after: Directory): boolean {
  if (before?.entries.length !== after.entries.length) return false;
  return after.entries.every((entry, i) => {
    const was = before.entries[i]!;
    if (entry.prefix !== was.prefix || entry.kind !== was.kind) return false;
    return entry.kind === "cell"
      ? entry.rosterVersion === was.rosterVersion
      : contains(was.bounds, entry.bounds);
  });
}

function residentOf(roster: Roster, observation: StoredObservation | undefined, readAt: number): Resident {
  const nodes = roster.members.map(
    (member): Routable => ({
      member,
      reach:
        member.service_radius_km === undefined
          ? Number.POSITIVE_INFINITY
          : kmToChord2(member.service_radius_km),
      observation: undefined,
      observedAt: 0,
    }),
  );
  const points = pointsOf(
    roster.members.map((member) => member.lat!),
    roster.members.map((member) => member.lng!),
  );
  const resident: Resident = { roster, nodes, points, observedVersion: 0, readAt, observationReadAt: readAt };
  if (observation) observe(resident, observation, readAt);
  return resident;
}

function observe(resident: Resident, { version, at, packed }: StoredObservation, readAt: number): void {
  const seen = decodeObservations(packed, resident.roster.members);
  resident.nodes = resident.nodes.map(({ member, reach }) => ({
    member,
    reach,
    observation: seen.get(member.id),
    observedAt: at,
  }));
  resident.observedVersion = version;
  resident.observationReadAt = readAt;
}

/** A read of the observation was begun at `readAt`; what it does not find is no more. */
export function forgetObservation(resident: Resident, readAt: number): void {
  resident.nodes = resident.nodes.map((node) => ({ ...node, observation: undefined }));
  resident.observedVersion = 0;
  resident.observationReadAt = readAt;
}

function evict(memory: CellMemory): void {
  for (const cell of memory.residents.keys()) {
    if (memory.residents.size <= MAX_RESIDENTS) return;
    memory.residents.delete(cell);
    memory.atlas = undefined;
  }
}

/** The atlas over everything that is known, made anew if what was known changed. */
export function atlasOf(memory: CellMemory): Atlas {
  if (memory.atlas) return memory.atlas;
  const leaves: Leaf[] = [];
  const root = memory.directories.get("g");
  const reached = new Set<string>();
  if (root) collect(memory, root, leaves, reached);
  for (const prefix of memory.directories.keys()) if (!reached.has(prefix)) memory.directories.delete(prefix);
  memory.leaves = leaves;
  memory.atlas = buildAtlas(
    leaves.map(
      ({ entry, resident }): Patch => ({
        extent: entry.bounds,
        count: resident?.nodes.length ?? entry.count,
        points: resident?.points ?? null,
      }),
    ),
  );
  return memory.atlas;
}

function collect(memory: CellMemory, directory: KnownDirectory, leaves: Leaf[], reached: Set<string>): void {
  reached.add(directory.directory.prefix);
  for (const entry of directory.directory.entries) {
    const finer = entry.kind === "directory" ? memory.directories.get(entry.prefix) : undefined;
    if (finer) collect(memory, finer, leaves, reached);
    else leaves.push({ entry, directory, resident: currentResident(memory, directory, entry) });
  }
}

// Only a roster as new as the directory says is searched: where its nodes are may have changed.
function currentResident(memory: CellMemory, directory: KnownDirectory, entry: Entry): Resident | undefined {
  const resident = memory.residents.get(entry.prefix);
  if (!resident) return undefined;
  const current = isCurrent(resident.roster.version, resident.readAt, entry.rosterVersion, directory.readAt);
  return current ? resident : undefined;
}

/** Whether a copy is as new as a directory tells: of the version it names, or read later than the directory was. */
function isCurrent(version: number, readAt: number, told: number, toldAt: number): boolean {
  return (version & 0xffff) === told || readAt >= toldAt;
}

/** Whether a newer observation of a resident cell is there to be read. */
export function isObservationBehind({ entry, directory, resident }: Leaf): boolean {
  if (!resident) return false;
  return !isCurrent(
    resident.observedVersion,
    resident.observationReadAt,
    entry.observedVersion,
    directory.readAt,
  );
}

// The places stay, so the atlas stays; each leaf learns what its directory says now. A roster that came from a lagging replica shows now.
function refreshEntries(memory: CellMemory, prefix: string): void {
  const directory = memory.directories.get(prefix)!;
  const entries = new Map(directory.directory.entries.map((entry) => [entry.prefix, entry]));
  memory.leaves = memory.leaves.map((leaf) => {
    const entry = entries.get(leaf.entry.prefix);
    if (!entry) return leaf;
    if (leaf.resident !== currentResident(memory, directory, entry)) memory.atlas = undefined;
    return { ...leaf, entry, directory };
  });
}
