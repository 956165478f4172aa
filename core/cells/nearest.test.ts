import fc from "fast-check";
import { expect, test } from "vitest";
import { crowd, LAG_MS, LaggingCells, seeded, TTL_MS, wideMember } from "../../test/cells/lagging.ts";
import type { World } from "../ctx.ts";
import { haversineKm, type Position } from "../geo/index.ts";
import type { Member } from "./member.ts";
import { nearest } from "./nearest.ts";

const edge = fc.record({
  lat: fc.constantFrom(-90, -89.9, 0, 89.9, 90),
  lng: fc.constantFrom(-180, -179.9, 0, 179.9, 180),
});
const anywhere = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const metropolis = fc.record({
  lat: fc.double({ min: 40, max: 40.6, noNaN: true }),
  lng: fc.double({ min: -74, max: -73.4, noNaN: true }),
});
/** In the metropolis' part of the Earth, where only a finer directory knows of it, and far from it. */
const province = fc.constantFrom(
  { lat: 35, lng: -80 },
  { lat: 44, lng: -70 },
  { lat: 38, lng: -89.98 },
  { lat: 38, lng: -90.03 },
);
const position = fc.oneof(edge, anywhere, metropolis, province);
const id = fc.nat({ max: 99 }).map((n) => `n${n}`);
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), id, at: position }),
  fc.record({ do: fc.constant("drop" as const), id }),
  fc.record({ do: fc.constant("clear" as const), at: position }),
  fc.record({ do: fc.constant("sweep" as const), part: fc.nat({ max: 3 }), sick: fc.nat({ max: 9 }) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: 3000 }) }),
  fc.record({ do: fc.constant("ask" as const), at: position, wait: fc.boolean() }),
);
const question = fc.record({
  k: fc.constantFrom(1, 3, 10),
  keep: fc.constantFrom(1, 2, 5),
  maxKm: fc.option(fc.constantFrom(10, 1000), { nil: undefined }),
});

/** Asks the router, and once nothing changed for long enough holds its answer against all nodes. */
async function ask(
  cells: LaggingCells,
  world: World,
  at: Position,
  { k, keep, maxKm }: { k: number; keep: number; maxKm: number | undefined },
  isSettled: boolean,
): Promise<void> {
  const isKept = (one: string) => Number(one.slice(1)) % keep === 0;
  const { found } = await nearest(world, {
    at,
    k,
    qualifies: ({ member: one, observation }) => observation?.health === "healthy" && isKept(one.id),
    ...(maxKm === undefined ? {} : { maxKm }),
  });
  expect(found.length).toBeLessThanOrEqual(k);
  if (!isSettled) return;
  const truth = cells
    .healthy()
    .filter((one) => isKept(one.id))
    .map((one) => haversineKm(at, { lat: one.lat!, lng: one.lng! }))
    .filter((km) => km <= (maxKm ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b)
    .slice(0, k);
  expect(found.map(({ km }) => km.toFixed(3))).toEqual(truth.map((km) => km.toFixed(3)));
  for (const { node } of found) expect(cells.members.get(node.member.id)).toEqual(node.member);
}

const small = fc.array(fc.tuple(step, question), { minLength: 30, maxLength: 120 });

async function live(
  cells: LaggingCells,
  steps: readonly (readonly [Step, Question])[],
  random: () => number,
) {
  const world = cells.world();
  for (const [one, asked] of steps) {
    if (one.do === "put") cells.put(wideMember(one.id, one.at, random));
    else if (one.do === "drop") cells.drop(one.id);
    else if (one.do === "wait") cells.now += one.ms;
    else if (one.do === "sweep") cells.sweep(one.part, (of) => Number(of.slice(1)) % 10 !== one.sick);
    else if (one.do === "clear") {
      // All of a region goes, so that cells and directories do too.
      const isThere = ({ lat, lng }: Member) =>
        Math.abs(lat! - one.at.lat) < 1 && Math.abs(lng! - one.at.lng) < 1;
      cells.drop(...[...cells.members.values()].filter(isThere).map((there) => there.id));
    } else {
      if (one.wait) cells.now += TTL_MS + LAG_MS + 1;
      await ask(cells, world, one.at, asked, one.wait);
    }
    cells.now++;
  }
  cells.now += TTL_MS + LAG_MS + 1;
  await ask(cells, world, { lat: 40.3, lng: -73.7 }, { k: 10, keep: 1, maxKm: undefined }, true);
}
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

const runs = Number(process.env.ARX_RUNS ?? 15);

test("a warm router, its reads lagging, is never further behind the truth than its directories may be", async () => {
  await fc.assert(
    fc.asyncProperty(small, fc.integer(), async (steps, seed) => {
      const random = seeded(seed);
      await live(new LaggingCells(random), steps, random);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  console.log(`nearest: ${runs} histories of up to 120 steps`);
}, 120_000);

test("the same in a fleet whose directories have finer ones, and those still finer ones", async () => {
  await fc.assert(
    fc.asyncProperty(small, fc.integer(), async (steps, seed) => {
      const random = seeded(seed);
      const cells = new LaggingCells(random);
      cells.plant(crowd(1700, random));
      cells.sweep(3, () => true);
      await live(cells, steps, random);
    }),
    { numRuns: Math.ceil(runs / 5), endOnFailure: true },
  );
}, 120_000);

/** At the edge of the metropolis' part of the Earth, and a few kilometres from there, in the next part: whose own directory is another. */
const farOff = { lat: 38, lng: -89.98 };
const beyond = { lat: 38, lng: -90.03 };

test.each([
  ["did not know the directory that it came to", beyond],
  ["knew that directory, and nothing near the node in it", { lat: 40.3, lng: -73.7 }],
])("a node where there was none is found by a router that %s", async (_, asked) => {
  const random = seeded(1);
  const cells = new LaggingCells(random);
  cells.plant(crowd(1700, random));
  cells.sweep(3, () => true);
  cells.now += LAG_MS + 1;
  const world = cells.world();
  await ask(cells, world, asked, { k: 1, keep: 1, maxKm: 10 }, true);
  cells.put(wideMember("n7", farOff, random));
  cells.sweep(3, () => true);
  cells.now += TTL_MS + LAG_MS + 1;
  await ask(cells, world, beyond, { k: 1, keep: 1, maxKm: 10 }, true);
});

test("the cells may be deleted and made anew under a warm router", async () => {
  const random = seeded(2);
  const before = new LaggingCells(random);
  before.plant(crowd(50, random));
  before.sweep(3, () => true);
  before.now += 100_000;
  const world = before.world();
  await ask(before, world, farOff, { k: 3, keep: 1, maxKm: undefined }, true);
  // Made anew by a clock that is behind: their revisions are lower than what the router remembers.
  const after = new LaggingCells(random);
  after.now -= 1000;
  after.plant(crowd(50, random));
  after.sweep(3, () => true);
  after.now = before.now + TTL_MS + 1;
  const reborn = { ...after.world(), memory: world.memory };
  await ask(after, reborn, farOff, { k: 3, keep: 1, maxKm: undefined }, true);
});
