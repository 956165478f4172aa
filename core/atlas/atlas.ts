import type { Extent } from "../geo/index.ts";
import { writeBoundsOfExtent } from "./box.ts";
import { type Grove, graft } from "./grove.ts";
import type { Points } from "./points.ts";
import { buildTree, type Tree } from "./tree.ts";

/** A cell as the search sees it. */
export interface Patch {
  /** Bounds of everything in the patch; while it is absent, all that is known of it. */
  readonly extent: Extent;
  /** How many nodes the patch holds. An absent patch of none is never worth fetching. */
  readonly count: number;
  /** Where its nodes are; null while the patch is absent and would have to be fetched first. */
  readonly points: Points | null;
}

/** Patches made searchable. Never changed: a new directory or a fetched patch makes a new atlas. */
export interface Atlas {
  readonly patches: readonly Patch[];
  /** The points of all resident patches. */
  readonly resident: Grove;
  /** The absent patches, in a tree of their own: when there are none, as in a warm router, they cost nothing. */
  readonly absent: Tree;
}

/**
 * Makes patches searchable. Costs n·log n in patches, plus a copy of the resident points: 1 to 2 ms for 300 patches of 40
 * points, some 100 ms for 25 000.
 */
export function buildAtlas(patches: readonly Patch[]): Atlas {
  const resident: number[] = [];
  const absent: number[] = [];
  for (const [index, { points, count }] of patches.entries()) {
    if (points === null ? count > 0 : points.count > 0) (points === null ? absent : resident).push(index);
  }

  const bounds = new Float64Array(6 * resident.length);
  for (const [i, index] of resident.entries()) bounds.set(patches[index]!.points!.bounds, 6 * i);
  const extents = new Float64Array(6 * absent.length);
  for (const [i, index] of absent.entries()) writeBoundsOfExtent(extents, 6 * i, patches[index]!.extent);

  return {
    patches,
    resident: graft(patches, treeOver(resident, bounds)),
    absent: treeOver(absent, extents),
  };
}

/** A tree over patches, one to a leaf, whose items are their indexes. */
function treeOver(indexes: readonly number[], bounds: Float64Array): Tree {
  const tree = buildTree(bounds, indexes.length, 1);
  return { ...tree, items: tree.items.map((item) => indexes[item]!) };
}
