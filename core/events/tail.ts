import type { World } from "../ctx.ts";
import { newId } from "../id.ts";
import { KEPT_S, lastBeginning, newestEntry, putEntry, putFirstEntry, type StoredEntry } from "./items.ts";
import { type Sources, unpackSources } from "./sources.ts";

/** The log's end, as a writer knows it. */
export interface Tail {
  readonly seq: number;
  readonly at: number;
  readonly sources: Sources;
  /** Where the log last began; given when it was silent so long that of all who would go on one alone may. */
  readonly beginning?: number | null;
}

/** Milliseconds of silence until which the newest entry that is known, or found, is the log's end for sure: all after it would be there. */
const SURE_MS = KEPT_S * 1000;
/** Milliseconds of silence after which the log begins again. Long after `SURE_MS`, so that at either limit rivals want the same item. */
const GONE_MS = 1.5 * SURE_MS;

/** Whether no more of the log than is known can have been forgotten. */
export function isSure({ at }: { readonly at: number }, world: World): boolean {
  return world.now() - at < SURE_MS;
}

/** Reads the log's end (SPEC E1). */
export async function readTail(world: World): Promise<Tail> {
  const found = await newestEntry(world.store);
  if (found && isSure(found, world)) return tailOf(found);
  // In this order: whoever begins the log after the first read alters what it read.
  const beginning = await lastBeginning(world.store);
  const newest = await newestEntry(world.store);
  if (newest && isSure(newest, world)) return tailOf(newest);
  const now = world.now();
  if (newest && now - newest.at < GONE_MS) return { ...tailOf(newest), beginning };
  // Above all that it had, whatever of it is left: at the millisecond.
  const seq = Math.max(now - 1, newest?.seq ?? 0, beginning ?? 0);
  return { seq, at: newest?.at ?? 0, sources: new Map(), beginning };
}

function tailOf({ seq, at, sources }: StoredEntry): Tail {
  return { seq, at, sources: unpackSources(sources) };
}

/** Puts the entry after the end. @returns false when somebody else was first. */
export function putAfter({ beginning }: Tail, world: World, entry: StoredEntry): Promise<boolean> {
  return beginning === undefined
    ? putEntry(world.store, entry, newId(world))
    : putFirstEntry(world.store, entry, beginning);
}
