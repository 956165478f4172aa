import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isExact } from "../../scripts/bench/atlas/exact.ts";
import { memoryOf, nearest } from "../../scripts/bench/atlas/memory.ts";
import { partition } from "../../scripts/bench/atlas/partition.ts";
import { surveyor, truth } from "../../scripts/bench/atlas/truth.ts";
import {
  antipode,
  type Extent,
  extentMinChord2,
  haversineKm,
  kmToChord2,
  type Position,
} from "../geo/index.ts";
import { buildAtlas, createScratch, type Patch, pointsOf, type Scratch, search } from "./index.ts";

/** Positions as they hurt: anywhere, at the poles and the antimeridian, and again and again at the same spot. */
const position: fc.Arbitrary<Position> = fc.oneof(
  fc.record({
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    lng: fc.double({ min: -180, max: 180, noNaN: true }),
  }),
  fc.record({
    lat: fc.constantFrom(-90, -89.999, 0, 89.999, 90),
    lng: fc.constantFrom(-180, -179.999, 0, 179.999, 180),
  }),
  fc.record({ lat: fc.integer({ min: 0, max: 4 }), lng: fc.integer({ min: 0, max: 4 }) }),
);
const spot = { lat: 1, lng: 2 };
/** Two bounds that are both right may differ by this much of a chord: 60 nm. */
const ROUNDING = 1e-14;
const yes = (): boolean => true;

function around(positions: readonly Position[]): Extent {
  const lats = positions.map((position) => position.lat);
  const lngs = positions.map((position) => position.lng);
  return {
    minLat: Math.min(...lats),
    minLng: Math.min(...lngs),
    maxLat: Math.max(...lats),
    maxLng: Math.max(...lngs),
  };
}
function resident(...positions: Position[]): Patch {
  const points = pointsOf(
    positions.map((position) => position.lat),
    positions.map((position) => position.lng),
  );
  return { extent: around(positions), count: positions.length, points };
}
function absent(...positions: Position[]): Patch {
  return { extent: around(positions), count: positions.length, points: null };
}
function found({ count, patch, point }: Scratch): [patch: number, point: number][] {
  return Array.from({ length: count }, (_, i) => [patch[i]!, point[i]!]);
}
function listed({ absentCount, absent }: Scratch): number[] {
  return [...absent.subarray(0, absentCount)];
}

/** Whether a node is so near the client's antipode that chords cannot order it to a millimetre, as `search` documents. */
function blurred(positions: readonly Position[], at: Position): boolean {
  const opposite = antipode(at);
  return positions.map((position) => haversineKm(position, opposite)).some((km) => km > 1e-7 && km < 0.02);
}

describe("exactness", () => {
  const fleet = fc.array(position, { maxLength: 300 });

  test("fetching what is listed, to the end, gives the true k nearest whatever was absent", () => {
    fc.assert(
      fc.property(
        fleet,
        fc.array(position, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 32 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(1, 2, 10, 0),
        fc.nat(),
        (positions, clients, k, most, oneIn, seed) => {
          const memory = memoryOf(partition(positions, most), (part) => (part * 7919 + seed) % 3 === 0);
          const scratch = createScratch(k, 1 + (seed % 5));
          const keep = (node: number): boolean => oneIn > 0 && (node + seed) % oneIn === 0;
          for (const at of clients.filter((at) => !blurred(positions, at))) {
            const nodes = nearest(memory, scratch, at, k, keep);
            expect(isExact(positions, at, keep, nodes, truth(positions, at, k, keep))).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("and none beyond the reach", () => {
    fc.assert(
      fc.property(fleet, position, fc.double({ min: 0, max: 20_000, noNaN: true }), (positions, at, km) => {
        const memory = memoryOf(partition(positions, 8), (part) => part % 2 === 0);
        const nodes = nearest(memory, createScratch(8), at, 8, yes, kmToChord2(km));
        const distances = truth(positions, at, 8, (node) => haversineKm(positions[node]!, at) <= km);
        // A node within a rounding of the reach may be on either side of it.
        const edge = positions.some((position) => Math.abs(haversineKm(position, at) - km) < 1e-6);
        expect(edge || isExact(positions, at, yes, nodes, distances)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("the brute force that the bench leans on is itself right", () => {
    fc.assert(
      fc.property(fleet, position, fc.integer({ min: 1, max: 12 }), (positions, at, k) => {
        const keep = (node: number): boolean => node % 3 !== 0;
        expect(surveyor(positions)(at)(k, keep)).toEqual(truth(positions, at, k, keep));
      }),
    );
  });
});

describe("the answer", () => {
  test("is empty for an empty fleet, for k = 0 and when nothing is accepted", () => {
    const scratch = createScratch(3);
    search(buildAtlas([]), scratch, spot, 3, yes);
    expect([scratch.count, scratch.absentCount]).toEqual([0, 0]);
    const atlas = buildAtlas([resident(spot), absent(spot)]);
    search(atlas, scratch, spot, 0, yes);
    expect([scratch.count, scratch.absentCount]).toEqual([0, 0]);
    search(atlas, scratch, spot, 3, () => false);
    expect([scratch.count, scratch.absentCount]).toEqual([0, 1]);
  });

  test("orders equal distances by patch, then point, however the tree is built", () => {
    const patches = [3, 20, 1, 12].map((size) => resident(...Array.from({ length: size }, () => spot)));
    const scratch = createScratch(5);
    search(buildAtlas(patches), scratch, { lat: 3, lng: 3 }, 5, yes);
    expect(found(scratch)).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
    ]);
  });

  test("takes in the reach itself, and with half the circumference the antipode", () => {
    const scratch = createScratch(1);
    const atlas = buildAtlas([resident({ lat: 0, lng: 0 })]);
    search(atlas, scratch, { lat: 0, lng: 90 }, 1, yes);
    const exactly = scratch.chord2[0]!;
    search(atlas, scratch, { lat: 0, lng: 90 }, 1, yes, exactly);
    expect(scratch.count).toBe(1);
    search(atlas, scratch, { lat: 0, lng: 90 }, 1, yes, exactly - 1e-12);
    expect(scratch.count).toBe(0);
    fc.assert(
      fc.property(position, (at) => {
        search(buildAtlas([resident(antipode(at))]), scratch, at, 1, yes, kmToChord2(20_100));
        expect(scratch.count).toBe(1);
      }),
    );
  });

  test("asks the predicate only about points that would enter, and tells it how far they are", () => {
    const scratch = createScratch(2);
    const line = Array.from({ length: 60 }, (_, i) => ({ lat: 0, lng: i }));
    const taken: number[] = [];
    search(buildAtlas([resident(...line)]), scratch, { lat: 0, lng: 20.2 }, 2, (_, point) => {
      expect(scratch.candidateChord2).toBeCloseTo(
        kmToChord2(haversineKm(line[point]!, { lat: 0, lng: 20.2 })),
        12,
      );
      expect(taken.filter((other) => Math.abs(other - 20.2) <= Math.abs(point - 20.2)).length).toBeLessThan(
        2,
      );
      taken.push(point);
      return true;
    });
    expect(found(scratch)).toEqual([
      [0, 20],
      [0, 21],
    ]);
  });

  test("does not ask about what could only tie with the k-th and come after it", () => {
    const patches = [5, 40, 40].map((size) => resident(...Array.from({ length: size }, () => spot)));
    const scratch = createScratch(3);
    const asked: number[] = [];
    search(buildAtlas(patches), scratch, spot, 3, (patch, point) => {
      const order = 100 * patch + point;
      expect(asked.filter((other) => other < order).length).toBeLessThan(3);
      asked.push(order);
      return true;
    });
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });

  test("does not outgrow the scratch", () => {
    expect(() => search(buildAtlas([]), createScratch(3), spot, 4, yes)).toThrow(RangeError);
  });
});

describe("the list of absent patches", () => {
  const at = { lat: 0, lng: 0 };
  const ring = Array.from({ length: 9 }, (_, i) => ({ lat: 0, lng: 10 * (i + 1) }));

  test("names those nearer than the k-th, nearest first, and no other", () => {
    const patches = [...ring.map((position) => absent(position)), resident({ lat: 0, lng: -35 })];
    const scratch = createScratch(1);
    search(buildAtlas(patches), scratch, at, 1, yes);
    expect(listed(scratch)).toEqual([0, 1, 2]);
    const bounds = listed(scratch).map((patch) => extentMinChord2(patches[patch]!.extent, at));
    expect([...scratch.absentChord2.subarray(0, 3)]).toEqual(bounds);
  });

  test("names all within reach while fewer than k were found", () => {
    const scratch = createScratch(2);
    const atlas = buildAtlas([...ring.map((position) => absent(position)), resident({ lat: 0, lng: -35 })]);
    search(atlas, scratch, at, 2, yes);
    expect(scratch.absentCount).toBe(9);
    search(atlas, scratch, at, 2, yes, extentMinChord2(around([ring[4]!]), at));
    expect(listed(scratch)).toEqual([0, 1, 2, 3, 4]);
  });

  test("keeps the nearest when there is not room for all", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(position, position), { maxLength: 40 }), position, (pairs, at) => {
        const patches = pairs.map((pair) => absent(...pair));
        const scratch = createScratch(1, 4);
        search(buildAtlas(patches), scratch, at, 1, yes);
        const chords = patches
          .map((patch) => Math.sqrt(extentMinChord2(patch.extent, at)))
          .sort((a, b) => a - b);
        expect(scratch.absentCount).toBe(Math.min(4, pairs.length));
        for (const [rank, bound] of scratch.absentChord2.subarray(0, scratch.absentCount).entries()) {
          expect(Math.abs(Math.sqrt(bound) - chords[rank]!)).toBeLessThan(ROUNDING);
        }
      }),
    );
  });

  test("leaves out what could only tie, and what is empty", () => {
    const scratch = createScratch(1);
    const empty = { ...absent(at), count: 0 };
    search(buildAtlas([absent(spot), resident(spot), absent(spot), empty]), scratch, at, 1, yes);
    expect([found(scratch), listed(scratch)]).toEqual([[[1, 0]], []]);
  });

  test("judges by the exact bound of the extent, across the pole and the antimeridian", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(position, position), { maxLength: 40 }),
        position,
        position,
        (pairs, at, node) => {
          const patches = [...pairs.map((pair) => absent(...pair)), resident(node)];
          const scratch = createScratch(1, 64);
          search(buildAtlas(patches), scratch, at, 1, yes);
          const reached = scratch.chord2[0]!;
          for (const patch of pairs.keys()) {
            const bound = extentMinChord2(patches[patch]!.extent, at);
            if (listed(scratch).includes(patch)) expect(bound).toBeLessThan(reached);
            else expect(Math.sqrt(bound)).toBeGreaterThan(Math.sqrt(reached) - ROUNDING);
          }
        },
      ),
    );
  });
});

test("pointsOf wants as many longitudes as latitudes", () => {
  expect(() => pointsOf([1, 2], [1])).toThrow(RangeError);
});
