import { type Atlas, buildAtlas, type Patch, type Scratch, search } from "../../../core/atlas/index.ts";
import type { Position } from "../../../core/geo/index.ts";
import type { Part } from "./partition.ts";
import type { Keep } from "./truth.ts";

/** What a router has in memory: all patches are known, some are resident, and what is fetched stays. */
export interface Memory {
  readonly parts: readonly Part[];
  readonly patches: Patch[];
  atlas: Atlas;
  /** How many patches were fetched so far. */
  fetched: number;
}

export function memoryOf(parts: readonly Part[], isResident: (part: number) => boolean): Memory {
  const patches = parts.map(({ patch }, i) => (isResident(i) ? patch : { ...patch, points: null }));
  return { parts, patches, atlas: buildAtlas(patches), fetched: 0 };
}

/**
 * The k nearest kept nodes, nearest first: searches, fetches what is listed, and searches again until nothing is listed.
 *
 * @throws Error when a resident patch is listed or one is listed twice: the loop might then never end.
 */
export function nearest(
  memory: Memory,
  scratch: Scratch,
  at: Position,
  k: number,
  keep: Keep,
  reach?: number,
): number[] {
  const nodeAt = (patch: number, point: number): number => memory.parts[patch]!.members[point]!;
  for (;;) {
    search(memory.atlas, scratch, at, k, (patch, point) => keep(nodeAt(patch, point)), reach);
    if (scratch.absentCount === 0) break;
    for (const patch of scratch.absent.subarray(0, scratch.absentCount)) {
      if (memory.patches[patch]!.points !== null)
        throw new Error(`patch ${patch} is resident but was listed`);
      memory.patches[patch] = memory.parts[patch]!.patch;
    }
    memory.fetched += scratch.absentCount;
    memory.atlas = buildAtlas(memory.patches);
  }
  return Array.from({ length: scratch.count }, (_, i) => nodeAt(scratch.patch[i]!, scratch.point[i]!));
}
