import type { Scratch } from "./scratch.ts";

/**
 * Whether a node may be in the answer: any policy at all. Asked only of points that would enter it as things stand; how far
 * the point is stands in the scratch's `candidateChord2` meanwhile. It must not search with the same scratch.
 */
export type Accept = (patch: number, point: number) => boolean;

/**
 * Takes a point, at `candidateChord2`, into the answer if it belongs there and is accepted.
 *
 * Invariant: the answer is ordered by (chord2, patch, point), and once it is full `worst` is its last squared chord.
 */
export function offer(scratch: Scratch, k: number, patch: number, point: number, accept: Accept): void {
  const { patch: patches, point: points, chord2 } = scratch;
  const candidate = scratch.candidateChord2;
  let rank = scratch.count;
  while (rank > 0) {
    const other = chord2[rank - 1]!;
    if (other < candidate) break;
    if (other === candidate && (patches[rank - 1]! - patch || points[rank - 1]! - point) < 0) break;
    rank--;
  }
  if (rank === k || !accept(patch, point)) return;

  if (scratch.count < k) scratch.count++;
  for (let r = scratch.count - 1; r > rank; r--) {
    patches[r] = patches[r - 1]!;
    points[r] = points[r - 1]!;
    chord2[r] = chord2[r - 1]!;
  }
  patches[rank] = patch;
  points[rank] = point;
  chord2[rank] = candidate;
  if (scratch.count === k) scratch.worst = chord2[k - 1]!;
}
