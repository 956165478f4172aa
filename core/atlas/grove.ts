import type { Patch } from "./atlas.ts";
import type { Tree } from "./tree.ts";

/**
 * One tree over all points of the resident patches: a tree over patches, with the small tree of each patch's points grafted
 * in place of its leaf. Copied together in the order of the leaves, so that what is near on the ground is near in memory.
 */
export interface Grove {
  /** As in `Tree`. */
  readonly boxes: Float64Array;
  readonly links: Int32Array;
  /** Per leaf the place in `points` where it begins; one entry more ends the last. */
  readonly starts: Int32Array;
  /** Per leaf the patch its points are of. */
  readonly patchOf: Int32Array;
  /** The points in the order of the leaves: indexes within their patch, and unit vectors. */
  readonly points: Int32Array;
  readonly xyz: Float64Array;
}

/** Joins a tree whose items are resident patches, one to a leaf, with the trees of their points. */
export function graft(patches: readonly Patch[], trunk: Tree): Grove {
  const { items } = trunk;
  const grown = Array.from(items, (patch) => patches[patch]!.points!);
  const count = sum(grown, (points) => points.count);
  const nodes = trunk.links.length + sum(grown, (points) => points.tree.links.length - 1);
  const leaves = sum(grown, (points) => points.tree.starts.length - 1);

  const boxes = new Float64Array(6 * nodes);
  const links = new Int32Array(nodes);
  const starts = new Int32Array(leaves + 1);
  const patchOf = new Int32Array(leaves);
  const points = new Int32Array(count);
  const xyz = new Float64Array(3 * count);
  boxes.set(trunk.boxes);
  links.set(trunk.links);

  // A patch's root takes the place of the trunk's leaf; its other nodes follow behind all that came before.
  const rootOf = new Int32Array(items.length);
  for (const [node, link] of trunk.links.entries()) if (link < 0) rootOf[~link] = node;
  let node = trunk.links.length;
  let leaf = 0;
  let place = 0;
  for (let i = 0; i < items.length; i++) {
    const { tree, xyz: vectors, count } = grown[i]!;
    const shift = (link: number): number => (link > 0 ? link - 1 + node : ~(~link + leaf));
    const root = rootOf[i]!;
    for (let j = 0; j < 6; j++) boxes[6 * root + j] = tree.boxes[j]!;
    links[root] = shift(tree.links[0]!);
    boxes.set(tree.boxes.subarray(6), 6 * node);
    for (let j = 1; j < tree.links.length; j++) links[node + j - 1] = shift(tree.links[j]!);
    for (let j = 1; j < tree.starts.length; j++) {
      starts[leaf + j] = place + tree.starts[j]!;
      patchOf[leaf + j - 1] = items[i]!;
    }
    points.set(tree.items, place);
    xyz.set(vectors, 3 * place);
    node += tree.links.length - 1;
    leaf += tree.starts.length - 1;
    place += count;
  }
  return { boxes, links, starts, patchOf, points, xyz };
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}
