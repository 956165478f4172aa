import { boundsToBoxes, mergeBounds } from "./box.ts";
import { splitAt } from "./split.ts";

/**
 * A static bounding-volume tree over boxes (see `box.ts`), flattened into arrays; node 0 is the root.
 *
 * Invariants: a node's box holds the boxes of both its children; the two children of a node lie side by side, so that one
 * look reads both; every item is in exactly one leaf; leaves are numbered from left to right.
 */
export interface Tree {
  /** Per node six numbers, in the form that is searched. */
  readonly boxes: Float64Array;
  /** Per node: the first of its two adjacent children (> 0), or ~(number of the leaf). */
  readonly links: Int32Array;
  /** The indexed items in the order of the leaves. */
  readonly items: Int32Array;
  /** Per leaf the place in `items` where it begins; one entry more ends the last. */
  readonly starts: Int32Array;
}

/** Deeper than any tree that fits in memory, so a stack of this size never overflows: halving by count bounds the depth. */
export const MAX_DEPTH = 64;

/**
 * Builds a tree over the bounds of `count` items, with at most `leafSize` of them in a leaf: a node is halved at the median
 * of the axis along which the centres of its items spread most.
 */
export function buildTree(bounds: Float64Array, count: number, leafSize: number): Tree {
  const leaves = count === 0 ? 0 : leavesOf(count, leafSize);
  const boxes = new Float64Array(6 * Math.max(0, 2 * leaves - 1));
  const links = new Int32Array(Math.max(0, 2 * leaves - 1));
  const items = new Int32Array(count);
  const starts = new Int32Array(leaves + 1);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) items[i] = i;
  let nextNode = 1;
  let nextLeaf = 0;

  const settle = (node: number, from: number, to: number): void => {
    if (to - from <= leafSize) {
      const first = 6 * items[from]!;
      for (let i = 0; i < 6; i++) boxes[6 * node + i] = bounds[first + i]!;
      for (let i = from + 1; i < to; i++) mergeBounds(boxes, 6 * node, bounds, 6 * items[i]!);
      links[node] = ~nextLeaf;
      starts[++nextLeaf] = to;
      return;
    }
    const axis = widestAxis(bounds, items, from, to);
    for (let i = from; i < to; i++) keys[i] = centre(bounds, items[i]!, axis);
    const middle = (from + to) >> 1;
    splitAt(middle, keys, items, from, to - 1);

    const child = nextNode;
    nextNode += 2;
    links[node] = child;
    settle(child, from, middle);
    settle(child + 1, middle, to);
    for (let i = 0; i < 6; i++) boxes[6 * node + i] = boxes[6 * child + i]!;
    mergeBounds(boxes, 6 * node, boxes, 6 * child + 6);
  };
  if (count > 0) settle(0, 0, count);
  boundsToBoxes(boxes);
  return { boxes, links, items, starts };
}

/** How many leaves halving makes of `count` items. */
function leavesOf(count: number, leafSize: number): number {
  if (count <= leafSize) return 1;
  return leavesOf(count >> 1, leafSize) + leavesOf(count - (count >> 1), leafSize);
}

/** Twice the centre of an item along one axis. */
function centre(bounds: Float64Array, item: number, axis: number): number {
  return bounds[6 * item + axis]! + bounds[6 * item + 3 + axis]!;
}

function widestAxis(bounds: Float64Array, items: Int32Array, from: number, to: number): number {
  let widest = 0;
  let width = -1;
  for (let axis = 0; axis < 3; axis++) {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const key = centre(bounds, items[i]!, axis);
      if (key < min) min = key;
      if (key > max) max = key;
    }
    if (max - min > width) {
      width = max - min;
      widest = axis;
    }
  }
  return widest;
}
