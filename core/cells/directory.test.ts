import fc from "fast-check";
import { expect, test } from "vitest";
import { contains } from "./bounds.ts";
import {
  type Directory,
  decodeEntries,
  type Entry,
  encodeEntries,
  entryFor,
  vacantPrefix,
} from "./directory.ts";
import { extentOf, keyOf } from "./key.ts";

const position = fc.record({
  id: fc.string({ maxLength: 8 }),
  lat: fc.oneof(fc.constantFrom(-90, 90), fc.double({ min: -90, max: 90, noNaN: true })),
  lng: fc.oneof(fc.constantFrom(-180, 180), fc.double({ min: -180, max: 180, noNaN: true })),
});

/** An entry that covers a node, of any depth. */
const entry = fc
  .record({
    node: position,
    length: fc.integer({ min: 1, max: 85 }),
    kind: fc.constantFrom("cell" as const, "directory" as const),
    count: fc.integer({ min: 1, max: 255 }),
    rosterVersion: fc.integer({ min: 0, max: 65_535 }),
    observedVersion: fc.integer({ min: 0, max: 65_535 }),
  })
  .map(({ node: { id, lat, lng }, length, kind, ...rest }): Entry => {
    const bounds = { minLat: lat, minLng: lng, maxLat: lat, maxLng: lng };
    const prefix = keyOf({ id, lat, lng }).slice(0, length);
    return { ...rest, prefix, kind, count: kind === "directory" ? 1 : rest.count, bounds };
  });

test("entries come back as they were packed, their bounds rounded outwards by less than two steps", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      const read = decodeEntries("g", encodeEntries(entries));
      expect(read.map((one) => ({ ...one, bounds: null }))).toEqual(
        entries.map((one) => ({ ...one, bounds: null })),
      );
      for (const [i, { bounds, prefix }] of read.entries()) {
        expect(contains(bounds, entries[i]!.bounds)).toBe(true);
        const whole = extentOf(prefix);
        expect(bounds.maxLat - bounds.minLat).toBeLessThanOrEqual(
          ((whole.maxLat - whole.minLat) / 255) * 2.001,
        );
        expect(bounds.maxLng - bounds.minLng).toBeLessThanOrEqual(
          ((whole.maxLng - whole.minLng) / 255) * 2.001,
        );
      }
    }),
    { numRuns: 1000 },
  );
});

test("packing what was unpacked changes nothing: bounds do not creep", () => {
  fc.assert(
    fc.property(entry, (one) => {
      const [once] = decodeEntries("g", encodeEntries([one]));
      const [twice] = decodeEntries("g", encodeEntries([once!]));
      expect(twice).toEqual(once);
    }),
    { numRuns: 1000 },
  );
});

test("versions are kept modulo 65 536, counts up to 255", () => {
  const one: Entry = {
    prefix: "g01",
    kind: "cell",
    count: 300,
    rosterVersion: 65_536 + 7,
    observedVersion: 2 * 65_536 + 9,
    bounds: extentOf("g01"),
  };
  expect(decodeEntries("g", encodeEntries([one]))).toEqual([
    { ...one, count: 255, rosterVersion: 7, observedVersion: 9 },
  ]);
});

/** Prefixes of which none is a prefix of another: the leaves of a tree that is split at random, some left out. */
const leaves = fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }).map((splits) => {
  const found: string[] = [];
  const grow = (prefix: string, depth: number): void => {
    const split = splits[(found.length * 7 + depth * 13 + prefix.length) % splits.length];
    if (depth < 9 && split) {
      grow(`${prefix}0`, depth + 1);
      grow(`${prefix}1`, depth + 1);
    } else if (depth % 3 !== 1) found.push(prefix);
  };
  grow("g", 0);
  return found;
});

const directoryOf = (prefixes: readonly string[]): Directory => ({
  prefix: "g",
  revision: 1,
  entries: prefixes.toSorted().map((prefix) => ({
    prefix,
    kind: "cell",
    count: 1,
    rosterVersion: 1,
    observedVersion: 0,
    bounds: extentOf(prefix),
  })),
});

test("the entry for a key is the one that a plain look at all finds, and a vacant prefix collides with none", () => {
  fc.assert(
    fc.property(leaves, position, (prefixes, node) => {
      const directory = directoryOf(prefixes);
      const key = keyOf(node);
      const covering = prefixes.find((prefix) => key.startsWith(prefix));
      expect(entryFor(directory, key)?.prefix).toBe(covering);
      if (covering !== undefined) return;
      const vacant = vacantPrefix(directory, key);
      expect(key.startsWith(vacant)).toBe(true);
      expect(prefixes.some((prefix) => prefix.startsWith(vacant) || vacant.startsWith(prefix))).toBe(false);
      const shorter = vacant.slice(0, -1);
      expect(shorter === "" || prefixes.some((prefix) => prefix.startsWith(shorter))).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
