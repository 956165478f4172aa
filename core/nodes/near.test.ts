import * as fc from "fast-check";
import { expect, it } from "vitest";
import { haversineKm } from "../geo/index.ts";
import { compareRanks, nearestAfter } from "./near.ts";
import { born } from "./revise.ts";

const places = fc.array(
  fc.option(fc.record({ lat: fc.integer({ min: -90, max: 90 }), lng: fc.integer({ min: -180, max: 180 }) }), {
    nil: null,
  }),
  { maxLength: 60 },
);

async function* each<T>(given: readonly T[]): AsyncGenerator<T> {
  yield* given;
}

it("gives every node once, nearest first and those without a position last, page after page", async () => {
  await fc.assert(
    fc.asyncProperty(places, fc.integer({ min: 1, max: 9 }), async (given, count) => {
      const at = { lat: 10, lng: 179 };
      const records = given.map((location, index) =>
        born(
          { id: `n${index}`, origin: "registered", desired_state: "active", epoch: 1, at: 0 },
          { name: "n", location },
        ),
      );
      const wanted = records
        .map(({ id, lat, lng }) => ({
          id,
          distance_km: lat === undefined ? null : haversineKm({ lat, lng: lng! }, at),
        }))
        .sort(compareRanks);
      const seen = [];
      for (;;) {
        const page = await nearestAfter(each(records), at, seen.at(-1), count);
        seen.push(...page);
        if (page.length < count) break;
      }
      expect(seen.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    }),
  );
});
