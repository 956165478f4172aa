import { boxChord2, centreChord2 } from "./box.ts";
import type { Grove } from "./grove.ts";
import { type Accept, offer } from "./offer.ts";
import type { Scratch } from "./scratch.ts";

/**
 * Fills `scratch` with the k accepted points nearest to its x, y, z and no farther than its `worst`. Goes down to the
 * nearer child first and puts the other off, so that `worst` shrinks early and most of what was put off is never looked at.
 *
 * Invariant: every accepted point seen so far is in the answer or comes after its k-th. A subtree is passed over only when
 * its box lies beyond the k-th, so in the end this holds of all points.
 */
export function searchResident(grove: Grove, scratch: Scratch, k: number, accept: Accept): void {
  const { boxes, links, starts, patchOf, points, xyz } = grove;
  const { x, y, z, stack, stackChord2 } = scratch;
  if (links.length === 0) return;
  let worst = scratch.worst;
  let waiting = 0;
  let node = 0;

  for (;;) {
    const link = links[node]!;
    if (link > 0) {
      const first = boxChord2(boxes, 6 * link, x, y, z);
      const second = boxChord2(boxes, 6 * link + 6, x, y, z);
      // Boxes of slanted patches overlap, and inside both the bound says nothing: then the nearer centre goes first.
      const swapped =
        second < first ||
        (second === first &&
          centreChord2(boxes, 6 * link + 6, x, y, z) < centreChord2(boxes, 6 * link, x, y, z));
      const far = swapped ? first : second;
      if (far <= worst) {
        stack[waiting] = swapped ? link : link + 1;
        stackChord2[waiting++] = far;
      }
      if ((swapped ? second : first) <= worst) {
        node = swapped ? link + 1 : link;
        continue;
      }
    } else {
      const end = starts[~link + 1]!;
      for (let i = starts[~link]!; i < end; i++) {
        const dx = xyz[3 * i]! - x;
        const dy = xyz[3 * i + 1]! - y;
        const dz = xyz[3 * i + 2]! - z;
        const chord2 = dx * dx + dy * dy + dz * dz;
        if (chord2 > worst) continue;
        scratch.candidateChord2 = chord2;
        offer(scratch, k, patchOf[~link]!, points[i]!, accept);
        worst = scratch.worst;
      }
    }
    do {
      if (waiting === 0) return;
      waiting--;
    } while (stackChord2[waiting]! > worst);
    node = stack[waiting]!;
  }
}
