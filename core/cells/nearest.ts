import { search } from "../atlas/index.ts";
import type { World } from "../ctx.ts";
import { chord2ToKm, extentMinChord2, kmToChord2, type Position } from "../geo/index.ts";
import type { Key } from "../store/index.ts";
import { type Entry, LEVEL_BITS } from "./directory.ts";
import { positionBits } from "./key.ts";
import {
  atlasOf,
  type CellMemory,
  cellMemory,
  forgetObservation,
  isObservationBehind,
  type KnownDirectory,
  type Leaf,
  markWrong,
  type Routable,
  remember,
  WRONG,
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
}

/** Levels of finer directories: a cold route guesses only the first, since few fleets have a second and a guess costs half a unit. */
const LEVELS = [1, 2, 3];

/** Round trips for one route at most; a requirement that hardly any node meets stops there, and the log says so. */
const MAX_ROUNDS = 24;

/**
 * The k nearest qualifying nodes: exact, as of directories no older than `ROUTE_CACHE_TTL_MS`. What is not in memory is read on the way:
 * cold, the root and the position's own directories in one round trip, its cells in another.
 */
export async function nearest(world: World, query: NearestQuery): Promise<NearestAnswer> {
  const memory = cellMemory(world);
  const began = world.now();
  await refresh(world, memory, query.at, began - world.config.ROUTE_CACHE_TTL_MS);
  let answer = await settle(world, memory, query);
  if (answer.found.length === 0 && isOlder(memory, began)) {
    // "There is none" is never said from memory: a first node may have come a moment ago.
    await refresh(world, memory, query.at, began);
    answer = await settle(world, memory, query);
  }
  return answer;
}

/** Reads the root again if its copy was read before `oldest`, and with it the position's own finer directories: known, or guessed when cold. */
async function refresh(world: World, memory: CellMemory, at: Position, oldest: number): Promise<void> {
  for (let tries = 0; isOlder(memory, oldest); tries++) {
    // The first may be another's that was begun too early; a replica that lags behind what is known is asked but once.
    memory.refreshing ??= readDirectories(
      world,
      memory,
      ["g", ...ownDirectories(memory, at)],
      tries > 1,
    ).finally(() => {
      memory.refreshing = undefined;
    });
    await memory.refreshing;
  }
}

function isOlder(memory: CellMemory, oldest: number): boolean {
  const root = memory.directories.get("g");
  return root === undefined || root.readAt < oldest;
}

function ownDirectories(memory: CellMemory, at: Position): string[] {
  const bits = positionBits(at.lat, at.lng);
  const own = LEVELS.map((level) => bits.slice(0, 1 + level * LEVEL_BITS));
  if (!memory.directories.has("g")) return own.slice(0, 1);
  return own.filter((prefix) => memory.directories.has(prefix));
}

async function readDirectories(
  world: World,
  memory: CellMemory,
  directories: readonly string[],
  consistent: boolean,
): Promise<void> {
  const asked = { directories, readAt: world.now(), consistent };
  remember(memory, await readItems(world, directories.map(directoryKey), consistent), asked);
}

/** Searches and reads what the search lacks, until it lacks nothing. */
async function settle(world: World, memory: CellMemory, query: NearestQuery): Promise<NearestAnswer> {
  const reach = query.maxKm === undefined ? Number.POSITIVE_INFINITY : kmToChord2(query.maxKm);
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
      reach,
    );
    const found: Near[] = [];
    for (let i = 0; i < scratch.count; i++) {
      const node = leaves[scratch.patch[i]!]!.resident!.nodes[scratch.point[i]!]!;
      found.push({ node, km: chord2ToKm(scratch.chord2[i]!) });
    }
    const worst = found.length < query.k ? reach : scratch.chord2[query.k - 1]!;
    const missing = chooseMissing(memory, query.k, round);
    const old = oldDirectories(world, memory, query.at, worst);
    const isWhole = missing.length === 0 && behind.size === 0 && old.length === 0;
    if (isWhole) return { found, signs: memory.signs };
    if (round === MAX_ROUNDS) {
      world.log.warn("A route stopped before it had seen every cell it may have needed", { rounds: round });
      return { found, signs: memory.signs };
    }
    await fetchAll(world, memory, { missing, behind, old, consistent: round > 2 });
  }
}

/** Absent patches fetched in one round at first; from the fourth round on twice as many each time, up to all that the scratch lists. */
const MOST_MISSING = 4;
const PATIENT_ROUNDS = 3;

/** Nodes that a finer directory is taken to hold, when it comes to how far its nearest may be. Measured: 200 and 1 000 do alike, 1 reads more. */
const NODES_OF_DIRECTORY = 200;

/**
 * Of the absent patches that matter, those to read now: the first, and the next ones while they may matter whatever it holds. Fewer than k
 * found, that is what lies within the first one's likely reach; later, and always for a requirement that few meet, more and more.
 */
function chooseMissing(memory: CellMemory, k: number, round: number): Leaf[] {
  const { scratch, leaves } = memory;
  if (scratch.absentCount === 0) return [];
  const first = leaves[scratch.absent[0]!]!.entry;
  const isPatient = round < PATIENT_ROUNDS;
  const likely =
    isPatient && scratch.count < k
      ? likelyReach(first, k, scratch.absentChord2[0]!)
      : Number.POSITIVE_INFINITY;
  const most = isPatient ? MOST_MISSING : MOST_MISSING << Math.min(round - PATIENT_ROUNDS + 1, 4);
  const chosen: Leaf[] = [];
  for (let i = 0; i < Math.min(scratch.absentCount, most); i++) {
    if (i > 0 && scratch.absentChord2[i]! > likely) break;
    chosen.push(leaves[scratch.absent[i]!]!);
  }
  return chosen;
}

/** The squared chord within which k nodes are to be expected, if an entry's nodes lie evenly in it: π r² · n / area = k + 1, and a third more. */
function likelyReach({ bounds, kind, count }: Entry, k: number, chord2: number): number {
  const kmPerDegree = 111.2;
  const height = (bounds.maxLat - bounds.minLat) * kmPerDegree;
  const middle = ((bounds.minLat + bounds.maxLat) / 2) * (Math.PI / 180);
  const width = (bounds.maxLng - bounds.minLng) * kmPerDegree * Math.cos(middle);
  const nodes = kind === "directory" ? NODES_OF_DIRECTORY : count;
  const radius = 1.33 * Math.sqrt(((k + 1) * height * width) / (Math.PI * nodes));
  return kmToChord2(chord2ToKm(chord2) + radius);
}

/** Directories at once that are read again for being old. */
const MAX_OLD = 32;

/**
 * Known directories whose copies are wrong, or are too old and could by now hold something nearer than the k-th found. What is below one is
 * bounded by its entry above, not by its own old entries; the way down begins at the root, whose copy is not too old.
 */
function oldDirectories(world: World, memory: CellMemory, at: Position, worst: number): string[] {
  const root = memory.directories.get("g")!;
  const oldest = world.now() - world.config.ROUTE_CACHE_TTL_MS;
  const old: string[] = root.readAt === WRONG ? ["g"] : [];
  const look = ({ finer }: KnownDirectory) => {
    for (const entry of finer) {
      const known = memory.directories.get(entry.prefix);
      if (!known) continue;
      if (known.readAt === WRONG || (known.readAt < oldest && mayHold(entry, at, worst)))
        old.push(entry.prefix);
      look(known);
    }
  };
  look(root);
  return old.slice(0, MAX_OLD);
}

function mayHold({ bounds }: Entry, at: Position, worst: number): boolean {
  return extentMinChord2(bounds, at) < worst;
}

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
    if (!there.has(entry.prefix)) markWrong(memory, directory);
  }
  for (const { entry, resident } of lacking.behind) {
    if (!found.observations.has(entry.prefix)) forgetObservation(resident!, readAt);
  }
  remember(memory, found, { directories, readAt, consistent: lacking.consistent });
}
