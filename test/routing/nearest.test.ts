import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import { haversineKm, type Position } from "../../core/geo/index.ts";
import { observeAll, Truth } from "../cells/fleet.ts";
import { crowd, seeded, wideMember } from "../cells/lagging.ts";
import { steadyClock } from "../nodes/factory.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

const clock = steadyClock(Date.now());
const random = seeded(3);
const truth = new Truth();
const CROWD = Number(process.env.ARX_CROWD ?? 60);
const runs = Number(process.env.ARX_RUNS ?? 12);

let world: TestWorld;
let waves = 0;
let asked = 0;

beforeAll(async () => {
  world = await openTestWorld({ now: clock.now, random });
  await truth.tell(world, truth.put(...crowd(CROWD, random)));
}, 120_000);
afterAll(() => world.close());

const anywhere = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const edge = fc.record({
  lat: fc.constantFrom(-90, -89.99, 0, 89.99, 90),
  lng: fc.constantFrom(-180, -179.99, 0, 179.99, 180),
});
const metropolis = fc.record({
  lat: fc.double({ min: 40, max: 40.6, noNaN: true }),
  lng: fc.double({ min: -74, max: -73.4, noNaN: true }),
});
const position = fc.oneof(anywhere, edge, metropolis);
const change = fc.record({ id: fc.nat({ max: 200 }), at: fc.option(position, { freq: 4 }) });

/** The kilometres to the k nearest that are kept, by looking at every node. */
function bruteForce(at: Position, k: number, keep: (id: string) => boolean): string[] {
  return [...truth.members.values()]
    .filter((one) => keep(one.id))
    .map((one) => haversineKm(at, { lat: one.lat!, lng: one.lng! }))
    .sort((a, b) => a - b)
    .slice(0, k)
    .map((km) => km.toFixed(3));
}

async function searched(from: TestWorld, at: Position, k: number, keep: (id: string) => boolean) {
  asked++;
  const { found } = await Cells.nearest(from, {
    at,
    k,
    qualifies: ({ member, observation }) => observation?.health === "healthy" && keep(member.id),
  });
  return found.map(({ km }) => km.toFixed(3));
}

test("nodes come, move and go: cold or warm and ROUTE_CACHE_TTL_MS old, what is found is what is nearest", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 5, maxLength: 40 }),
      fc.array(position, { minLength: 4, maxLength: 8 }),
      fc.constantFrom(1, 2, 7),
      async (changes, places, share) => {
        const told = new Set<string>();
        for (const { id, at } of changes) {
          const name = `n${id}`;
          if (at) truth.put(wideMember(name, at, random));
          else truth.drop(name);
          told.add(name);
        }
        expect(await truth.tell(world, [...told])).toBe(true);
        // Whoever asks in between has memories of every age.
        await searched(world, places[0]!, 3, () => true);
        await observeAll(world, ++waves, clock.now());
        clock.advance(world.config.ROUTE_CACHE_TTL_MS + 1);
        const keep = (id: string) => Number(id.slice(1)) % share === 0;
        for (const [i, at] of places.entries()) {
          const k = [1, 3, 10][i % 3]!;
          const expected = bruteForce(at, k, keep);
          expect(await searched(world, at, k, keep)).toEqual(expected);
          if (i === 0) expect(await searched(coldWorld(world), at, k, keep)).toEqual(expected);
        }
      },
    ),
    { numRuns: runs },
  );
  console.log(`nearest: ${asked} searches over ${CROWD} to ${CROWD + 200} nodes held against brute force`);
}, 240_000);
