import fc from "fast-check";
import geohash from "ngeohash";
import { describe, expect, it } from "vitest";
import { Cells } from "../cells/index.ts";
import { isIn, signatureOf, wants, wantsReadings } from "./matching.ts";
import { subscriptionOf } from "./schema.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 2000);

/** Anywhere, and often on the lines along which geohashes split, the poles and the antimeridian. */
const position = fc.record({
  lat: fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, -45, 0, 22.5, 45, 90)),
  lng: fc.oneof(
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.constantFrom(-180, -90, 0, 11.25, 90, 180),
  ),
});
const asking = (cells: string[]) => subscriptionOf({ cells });

describe("whose readings a subscription asks for", () => {
  it(`is any cell of the index that may hold a node of a geohash, in ${RUNS} cases (ARX_RUNS)`, () => {
    fc.assert(
      fc.property(
        position,
        position,
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(84),
        fc.uuid(),
        (node, other, isSame, length, bits, id) => {
          const asked = isSame ? node : other;
          const cell = geohash.encode(asked.lat, asked.lng, length);
          const indexCell = Cells.keyOf({ id, ...node }).slice(0, 1 + bits);
          const isInside = geohash.encode(node.lat, node.lng, 9).startsWith(cell);
          const holdsAsked = Cells.keyOf({ id: "", ...asked }).startsWith(indexCell.slice(0, 1 + 5 * length));
          expect(wantsReadings(asking([cell]), indexCell)).toBe(bits >= 5 * length ? isInside : holdsAsked);
          if (isInside) expect(wantsReadings(asking(["zzzzzzzzz", cell]), indexCell)).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("is everything without cells, and nothing that has no position with them", () => {
    expect(wantsReadings(asking([]), "n0101")).toBe(true);
    expect(wantsReadings(asking(["u"]), "n0101")).toBe(false);
    expect(wantsReadings(asking(["u"]), "g")).toBe(true);
  });

  it("is nothing for one that asks for other types", () => {
    expect(wantsReadings(subscriptionOf({ types: ["route_request"] }), "g01")).toBe(false);
    expect(wantsReadings(subscriptionOf({ types: ["node_health_updated"] }), "g01")).toBe(true);
  });
});

describe("what a subscription asks for", () => {
  it.each([
    [{}, "node_created", undefined, true],
    [{ types: ["node_created"] as const }, "node_created", undefined, true],
    [{ types: ["node_created"] as const }, "node_deleted", undefined, false],
    [{ cells: ["u0"] }, "node_created", "u0qj7xyz1", true],
    [{ cells: ["u0"] }, "node_created", "u1qj7xyz1", false],
    [{ cells: ["u0"] }, "node_created", undefined, false],
    [{ cells: ["u1", "u0qj7xyz1"] }, "node_created", "u0qj7xyz1", true],
    [{ types: ["node_deleted"] as const, cells: ["u0"] }, "node_created", "u0qj7xyz1", false],
  ])("%j of a %s at %s: %s", (asked, type, place, expected) => {
    const subscription = subscriptionOf(asked as Parameters<typeof subscriptionOf>[0]);
    expect(wants(subscription, { type: type as "node_created", place })).toBe(expected);
  });

  it("is in a cell when the cell's name begins its own", () => {
    expect(isIn([], "u0qj7xyz1")).toBe(false);
    expect(isIn(["u0qj7xyz2"], "u0qj7xyz1")).toBe(false);
  });
});

it("subscriptions have the same signature when they ask for the same, and only then", () => {
  const asked = [
    {},
    { types: ["node_created"] as const },
    { types: ["node_created", "node_deleted"] as const },
    { cells: ["u0"] },
    { cells: ["u0", "u1"] },
    { types: ["node_created"] as const, cells: ["u0"] },
  ].map((one) => signatureOf(subscriptionOf(one as Parameters<typeof subscriptionOf>[0])));
  expect(new Set(asked).size).toBe(asked.length);
  const again = subscriptionOf({ types: ["node_deleted", "node_created", "node_deleted"], cells: [] });
  expect(signatureOf(again)).toBe(asked[2]);
});
