import type { World } from "../ctx.ts";
import {
  batchGet,
  type Item,
  type Key,
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

/** A directory's write, taken only if nobody wrote it since it was read: this guards every cell below it. */
export function putDirectory(
  world: World,
  directory: Directory,
  signs: FleetSigns | undefined,
): TransactItem {
  const key = { "#revision": "revision" };
  const condition =
    directory.revision === 0
      ? { expression: "attribute_not_exists(#revision)", names: key }
      : { expression: "#revision = :read", names: key, values: { ":read": directory.revision } };
  if (directory.entries.length === 0 && directory.prefix.length > 1) {
    return transactDelete(world.store, CELLS, directoryKey(directory.prefix), condition);
  }
  // Not from 1: routers that remember the one of this prefix that was there before must take the new one for newer.
  const revision = directory.revision === 0 ? Math.max(1, world.now()) : directory.revision + 1;
  return transactPut(world.store, CELLS, directoryItem(directory, revision, signs), condition);
}
