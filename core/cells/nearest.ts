import { type Atlas, search } from "../atlas/index.ts";
import type { World } from "../ctx.ts";
import { chord2ToKm, extentMinChord2, kmToChord2, type Position } from "../geo/index.ts";
import type { Key } from "../store/index.ts";
import { LEVEL_BITS } from "./directory.ts";
import { positionBits } from "./key.ts";
import {
  atlasOf,
  type CellMemory,
  cellMemory,
  isObservationBehind,
  type Leaf,
  type Routable,
  remember,
} from "./memory.ts";
import type { FleetSigns } from "./state.ts";
import { directoryKey, observationKey, readItems, rosterKey } from "./stored.ts";

/** A node that was found, and how far it is. */
export interface Near {
  readonly node: Routable;
  /** Great-circle kilometres. */
  readonly km: number;
}

export interface NearestQuery {
  readonly at: Position;
  /** At most `MAX_K`. */
  readonly k: number;
  /** Whether a node qualifies; asked only of nodes that could be among the k nearest. `chord2` is its squared chord from `at`. */
  readonly qualifies: (node: Routable, chord2: number) => boolean;
  /** Kilometres beyond which nothing is looked for. */
  readonly maxKm?: number;
}

export interface NearestAnswer {
  /** The k nearest qualifying nodes, nearest first. */
  readonly found: readonly Near[];
  readonly signs: FleetSigns;
  /** Whether there is any node at all, qualifying or not. */
  readonly occupied: boolean;
}

/** Round trips for one route at most; a requirement that hardly any node meets stops there, and the log says so. */
const MAX_ROUNDS = 24;

/**
 * The k nearest qualifying nodes: exact, as of directories no older than `ROUTE_CACHE_TTL_MS`. What is not in memory is read on the way:
 * cold, the root and the position's own directory in one round trip, its cells in another.
 */
export async function nearest(world: World, query: NearestQuery): Promise<NearestAnswer> {
  const memory = cellMemory(world);
  const began = world.now();
  await refresh(world, memory, query.at, world.config.ROUTE_CACHE_TTL_MS);
  let answer = await settle(world, memory, query);
  const root = memory.directories.get("g");
  if (answer.found.length === 0 && root && root.readAt < began) {
    // "There is none" is never said from memory: a first node may have come a moment ago.
    await refresh(world, memory, query.at, 0);
    answer = await settle(world, memory, query);
  }
  return answer;
}

/** Reads the root again if its copy is too old, and with it the position's own finer directory: known, or guessed when cold. */
async function refresh(world: World, memory: CellMemory, at: Position, ttl: number): Promise<void> {
  const root = memory.directories.get("g");
  if (root && world.now() - root.readAt <= ttl) return;
  memory.refreshing ??= readDirectories(world, memory, ["g", ...ownDirectory(memory, at)]).finally(() => {
    memory.refreshing = undefined;
  });
  await memory.refreshing;
}

function ownDirectory(memory: CellMemory, at: Position): string[] {
  const prefix = positionBits(at.lat, at.lng).slice(0, 1 + LEVEL_BITS);
  const root = memory.directories.get("g");
  return !root || memory.directories.has(prefix) ? [prefix] : [];
}

async function readDirectories(world: World, memory: CellMemory, prefixes: readonly string[]): Promise<void> {
  const readAt = world.now();
  remember(memory, await readItems(world, prefixes.map(directoryKey), false), prefixes, readAt);
}

/** Searches and reads what the search lacks, until it lacks nothing. */
async function settle(world: World, memory: CellMemory, query: NearestQuery): Promise<NearestAnswer> {
  for (let round = 0; ; round++) {
    const atlas = atlasOf(memory);
    const { leaves, scratch } = memory;
    const behind = new Set<Leaf>();
    search(
      atlas,
      scratch,
      query.at,
      query.k,
      (patch, point) => {
        const leaf = leaves[patch]!;
        if (isObservationBehind(leaf)) behind.add(leaf);
        return query.qualifies(leaf.resident!.nodes[point]!, scratch.candidateChord2);
      },
      query.maxKm === undefined ? undefined : kmToChord2(query.maxKm),
    );
    const found: Near[] = [];
    for (let i = 0; i < scratch.count; i++) {
      const node = leaves[scratch.patch[i]!]!.resident!.nodes[scratch.point[i]!]!;
      found.push({ node, km: chord2ToKm(scratch.chord2[i]!) });
    }
    const worst = found.length < query.k ? Number.POSITIVE_INFINITY : scratch.chord2[query.k - 1]!;
    const missing = chooseMissing(memory, atlas, query.k, round);
    const old = oldDirectories(world, memory, query.at, worst);
    if (missing.length === 0 && behind.size === 0 && old.length === 0) {
      return { found, signs: memory.signs, occupied: leaves.length > 0 };
    }
    if (round === MAX_ROUNDS) {
      world.log.warn("A route stopped before it had seen every cell it may have needed", { rounds: round });
      return { found, signs: memory.signs, occupied: true };
    }
    await fetchAll(world, memory, { missing, behind, old, consistent: round > 2 });
  }
}

/** Of the absent patches that matter, those to read now: when nothing is known, the first and what lies within its likely reach. */
function chooseMissing(memory: CellMemory, atlas: Atlas, k: number, round: number): Leaf[] {
  const { scratch, leaves } = memory;
  if (scratch.absentCount === 0) return [];
  const most = Math.min(scratch.absentCount, 4 << Math.min(round, 4));
  const first = atlas.patches[scratch.absent[0]!]!;
  const likely =
    round > 0 || scratch.count >= k
      ? Number.POSITIVE_INFINITY
      : likelyReach(first.extent, first.count, k, scratch.absentChord2[0]!);
  const chosen: Leaf[] = [];
  for (let i = 0; i < most; i++) {
    if (i > 0 && scratch.absentChord2[i]! > likely) break;
    chosen.push(leaves[scratch.absent[i]!]!);
  }
  return chosen;
}

/** The squared chord within which k nodes are to be expected, if the patch's nodes lie evenly in it: π r² · n / area = k + 1, and a third more. */
function likelyReach(
  extent: { minLat: number; maxLat: number; minLng: number; maxLng: number },
  count: number,
  k: number,
  chord2: number,
): number {
  const kmPerDegree = 111.2;
  const height = (extent.maxLat - extent.minLat) * kmPerDegree;
  const middle = ((extent.minLat + extent.maxLat) / 2) * (Math.PI / 180);
  const width = (extent.maxLng - extent.minLng) * kmPerDegree * Math.cos(middle);
  const radius = 1.33 * Math.sqrt(((k + 1) * height * width) / (Math.PI * Math.max(count, 1)));
  return kmToChord2(chord2ToKm(chord2) + radius);
}

/** Directories whose copies are known to be wrong, or are too old and could hold something nearer than the k-th found. */
function oldDirectories(world: World, memory: CellMemory, at: Position, worst: number): string[] {
  const oldest = world.now() - world.config.ROUTE_CACHE_TTL_MS;
  const old: string[] = [];
  for (const [prefix, { directory, readAt }] of memory.directories) {
    if (readAt >= oldest || (prefix === "g" && readAt !== WRONG)) continue;
    const reaches = directory.entries.some((entry) => extentMinChord2(entry.bounds, at) < worst);
    if (reaches || readAt === WRONG) old.push(prefix);
  }
  return old.slice(0, 32);
}

/** Marks a directory's copy as wrong: it names something that the store has no more. */
const WRONG = Number.NEGATIVE_INFINITY;

interface Lacking {
  readonly missing: readonly Leaf[];
  readonly behind: ReadonlySet<Leaf>;
  readonly old: readonly string[];
  /** After some rounds a lagging replica is no longer asked. */
  readonly consistent: boolean;
}

async function fetchAll(world: World, memory: CellMemory, lacking: Lacking): Promise<void> {
  const directories = [...lacking.old];
  const keys: Key[] = [];
  for (const { entry } of lacking.missing) {
    if (entry.kind === "directory") directories.push(entry.prefix);
    else keys.push(rosterKey(entry.prefix), observationKey(entry.prefix));
  }
  for (const { entry } of lacking.behind) keys.push(observationKey(entry.prefix));
  keys.push(...directories.map(directoryKey));
  const readAt = world.now();
  const found = await readItems(world, keys, lacking.consistent);
  for (const { entry, directory } of lacking.missing) {
    const there = entry.kind === "cell" ? found.rosters : found.directories;
    const { prefix } = directory.directory;
    if (!there.has(entry.prefix)) memory.directories.set(prefix, { ...directory, readAt: WRONG });
  }
  for (const { resident } of lacking.behind) resident!.observationReadAt = readAt;
  remember(memory, found, directories, readAt);
}
