import { extentMinChord2, type Position } from "../geo/index.ts";
import type { Atlas } from "./atlas.ts";
import { boxChord2 } from "./box.ts";
import type { Scratch } from "./scratch.ts";

/**
 * Lists in `scratch` the absent patches that may hold something nearer than its `worst`, nearest first, as many as it has
 * room for; those at exactly `worst` too while the answer has fewer than k points.
 *
 * Invariant: every such patch seen so far that is not listed is no nearer than the last one listed, and the list is full.
 */
export function searchAbsent(atlas: Atlas, scratch: Scratch, at: Position, k: number): void {
  const { boxes, links, items } = atlas.absent;
  const { x, y, z, absent, absentChord2: listed, stack, stackChord2 } = scratch;
  const room = absent.length;
  if (links.length === 0 || room === 0) return;
  let limit = scratch.worst;
  let open = scratch.count < k;
  let waiting = 1;
  stack[0] = 0;
  stackChord2[0] = 0;

  while (waiting > 0) {
    if (stackChord2[--waiting]! > limit) continue;
    const link = links[stack[waiting]!]!;
    if (link > 0) {
      const first = boxChord2(boxes, 6 * link, x, y, z);
      const second = boxChord2(boxes, 6 * link + 6, x, y, z);
      const swapped = second < first;
      stack[waiting] = swapped ? link : link + 1;
      stackChord2[waiting++] = swapped ? first : second;
      stack[waiting] = swapped ? link + 1 : link;
      stackChord2[waiting++] = swapped ? second : first;
      continue;
    }
    const patch = items[~link]!;
    const chord2 = extentMinChord2(atlas.patches[patch]!.extent, at);
    if (open ? chord2 > limit : chord2 >= limit) continue;
    if (scratch.absentCount < room) scratch.absentCount++;
    let rank = scratch.absentCount - 1;
    for (; rank > 0 && chord2 < listed[rank - 1]!; rank--) {
      listed[rank] = listed[rank - 1]!;
      absent[rank] = absent[rank - 1]!;
    }
    listed[rank] = chord2;
    absent[rank] = patch;
    if (scratch.absentCount === room) {
      limit = listed[room - 1]!;
      open = false;
    }
  }
}
