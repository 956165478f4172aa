import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildTree, type Tree } from "./tree.ts";

const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
/** Bounds of items; some share a place, as nodes in one data centre do. */
const bounds = fc
  .array(fc.tuple(fc.oneof(fc.constant(0.5), coordinate), coordinate, coordinate, fc.constantFrom(0, 0.1)), {
    maxLength: 150,
  })
  .map((items) => Float64Array.from(items.flatMap(([x, y, z, w]) => [x, y, z, x + w, y + w, z + w])));

/** The items below a node, having checked that every box on the way holds the boxes below it. */
function itemsBelow(tree: Tree, bounds: Float64Array, node: number): number[] {
  const link = tree.links[node]!;
  const items =
    link < 0
      ? [...tree.items.subarray(tree.starts[~link], tree.starts[~link + 1])]
      : [...itemsBelow(tree, bounds, link), ...itemsBelow(tree, bounds, link + 1)];
  for (const item of items) {
    for (let axis = 0; axis < 3; axis++) {
      const centre = tree.boxes[6 * node + axis]!;
      const half = tree.boxes[6 * node + 3 + axis]!;
      expect(centre - half).toBeLessThanOrEqual(bounds[6 * item + axis]!);
      expect(centre + half).toBeGreaterThanOrEqual(bounds[6 * item + 3 + axis]!);
    }
  }
  return items;
}

test("every item is in exactly one leaf, leaves go from left to right, and boxes hold what is below them", () => {
  fc.assert(
    fc.property(bounds, fc.integer({ min: 1, max: 9 }), (bounds, leafSize) => {
      const count = bounds.length / 6;
      const tree = buildTree(bounds, count, leafSize);
      const below = count > 0 ? itemsBelow(tree, bounds, 0) : [];
      expect(below).toEqual([...tree.items]);
      expect(below.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      for (let leaf = 1; leaf < tree.starts.length; leaf++) {
        const size = tree.starts[leaf]! - tree.starts[leaf - 1]!;
        expect(size).toBeGreaterThan(0);
        expect(size).toBeLessThanOrEqual(leafSize);
      }
    }),
  );
});

test("duplicates do not make it deep", () => {
  const count = 4096;
  const tree = buildTree(new Float64Array(6 * count), count, 1);
  const depth = (node: number): number => {
    const link = tree.links[node]!;
    return link < 0 ? 1 : 1 + Math.max(depth(link), depth(link + 1));
  };
  expect(depth(0)).toBe(13);
});
