import { type Position, unitX, unitY, unitZ } from "../geo/index.ts";
import { searchAbsent } from "./absent.ts";
import type { Atlas } from "./atlas.ts";
import type { Accept } from "./offer.ts";
import { searchResident } from "./resident.ts";
import type { Scratch } from "./scratch.ts";

/**
 * Finds the k nearest points of the resident patches that `accept` admits, and the absent patches that may hold nearer ones.
 *
 * The answer is in `scratch`. It is final, and exact, when `absentCount` is 0; otherwise fetch some of the listed patches,
 * build an atlas in which they are resident, and search again. The list holds the nearest of them, up to the room that
 * `scratch` has: a patch that found no room comes up in a later round if it still matters then.
 *
 * Equal distances are ordered by patch, then point; an absent patch that could only tie with the k-th is not listed.
 * `reach` is the greatest squared chord allowed, itself included (`kmToChord2`). Distances are told apart down to about
 * 1e-11 km; only within 10 m of the antipode no better than to 0.2 m.
 *
 * @throws RangeError when `scratch` has no room for k.
 */
export function search(
  atlas: Atlas,
  scratch: Scratch,
  at: Position,
  k: number,
  accept: Accept,
  reach: number = Number.POSITIVE_INFINITY,
): void {
  if (k > scratch.patch.length)
    throw new RangeError(`k is ${k}, but the scratch has room for ${scratch.patch.length}`);
  scratch.count = 0;
  scratch.absentCount = 0;
  if (!(k > 0)) return;

  scratch.x = unitX(at.lat, at.lng);
  scratch.y = unitY(at.lat, at.lng);
  scratch.z = unitZ(at.lat);
  // Rounding can put an antipode a little beyond 4; whoever allows half the circumference allows that too.
  scratch.worst = reach >= 4 ? Number.POSITIVE_INFINITY : reach;
  searchResident(atlas.resident, scratch, k, accept);
  searchAbsent(atlas, scratch, at, k);
}
