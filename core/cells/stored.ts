import type { World } from "../ctx.ts";
import {
  batchGet,
  type Condition,
  type Item,
  type Key,
  putItem,
  type TransactItem,
  transactDelete,
  transactPut,
} from "../store/index.ts";
import { type Directory, decodeEntries, encodeEntries } from "./directory.ts";
import type { StoredObservation } from "./edit.ts";
import { CELLS } from "./items.ts";
import { decodeMembers, encodeMembers, type Roster } from "./roster.ts";
import type { FleetSigns } from "./state.ts";

/** Seconds that an observation outlives its last sweep: what a split left behind goes by itself. */
const OBSERVATION_TTL_S = 86_400;

export const directoryKey = (prefix: string): Key => ({ cell: `d#${prefix}`, part: "directory" });
export const rosterKey = (cell: string): Key => ({ cell: `c#${cell}`, part: "roster" });
export const observationKey = (cell: string): Key => ({ cell: `c#${cell}`, part: "observed" });
export const signsKey: Key = { cell: "signs", part: "signs" };

/** What a batch of point reads found. */
export interface Found {
  readonly directories: Map<string, Directory>;
  readonly rosters: Map<string, Roster>;
  readonly observations: Map<string, StoredObservation>;
  signs: FleetSigns | undefined;
}

/** Reads items by key in one round trip (100 at most per call) and decodes each by its kind. */
export async function readItems(world: World, keys: readonly Key[], consistent: boolean): Promise<Found> {
  const found: Found = {
    directories: new Map(),
    rosters: new Map(),
    observations: new Map(),
    signs: undefined,
  };
  if (keys.length === 0) return found;
  for (const item of await batchGet(world.store, CELLS, keys, { consistent })) decodeInto(found, item);
  return found;
}

function decodeInto(found: Found, item: Item): void {
  const prefix = String(item.cell).slice(2);
  if (item.part === "directory") {
    found.directories.set(prefix, {
      prefix,
      revision: item.revision as number,
      entries: decodeEntries(prefix[0]!, item.entries as Uint8Array),
    });
    if (item.signs) found.signs = item.signs as FleetSigns;
  } else if (item.part === "roster") {
    found.rosters.set(prefix, {
      cell: prefix,
      version: item.version as number,
      members: decodeMembers(item.members as Uint8Array),
    });
  } else if (item.part === "observed") {
    found.observations.set(prefix, {
      version: item.version as number,
      wave: item.wave as number,
      at: item.at as number,
      packed: item.packed as Uint8Array,
    });
  }
}

/** The cell whose observation a stream's image is; null for any other item. */
export function sweptCell(image: Item | undefined): string | null {
  return image?.part === "observed" ? String(image.cell).slice(2) : null;
}

export function directoryItem(directory: Directory, revision: number, signs: FleetSigns | undefined): Item {
  return {
    ...directoryKey(directory.prefix),
    revision,
    entries: encodeEntries(directory.entries),
    ...(signs ? { signs } : {}),
  };
}

export function rosterItem(roster: Roster): Item {
  return { ...rosterKey(roster.cell), version: roster.version, members: encodeMembers(roster.members) };
}

export function observationItem(cell: string, observation: StoredObservation): Item {
  return {
    ...observationKey(cell),
    version: observation.version,
    wave: observation.wave,
    at: observation.at,
    packed: observation.packed,
    expires_at: Math.floor(observation.at / 1000) + OBSERVATION_TTL_S,
  };
}

/** A directory's write as part of a transaction, taken only if nobody wrote it since it was read: this guards every cell below it. */
export function putDirectory(
  world: World,
  directory: Directory,
  signs: FleetSigns | undefined,
): TransactItem {
  const condition = unchanged(directory);
  if (directory.entries.length === 0 && directory.prefix.length > 1) {
    return transactDelete(world.store, CELLS, directoryKey(directory.prefix), condition);
  }
  return transactPut(
    world.store,
    CELLS,
    directoryItem(directory, nextRevision(world, directory), signs),
    condition,
  );
}

/** The same write alone, at half the price. @returns false when somebody wrote the directory since it was read. */
export function storeDirectory(
  world: World,
  directory: Directory,
  signs: FleetSigns | undefined,
): Promise<boolean> {
  const item = directoryItem(directory, nextRevision(world, directory), signs);
  return putItem(world.store, CELLS, { ...item, write_id: writeId(world) }, unchanged(directory));
}

// Not from 1: routers that remember the one of this prefix that was there before must take the new one for newer.
function nextRevision(world: World, { revision }: Directory): number {
  return revision === 0 ? Math.max(1, world.now()) : revision + 1;
}

/** Tells a write from another's on the same version, for a put that is retried after its answer was lost. */
export function writeId(world: World): string {
  return Math.floor(world.random() * 36 ** 6).toString(36);
}

function unchanged({ revision }: Directory): Condition {
  const names = { "#revision": "revision" };
  if (revision === 0) return { expression: "attribute_not_exists(#revision)", names };
  return { expression: "#revision = :read", names, values: { ":read": revision } };
}
