import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import { MAX_MEMBERS } from "../../core/cells/roster.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { allMembers, member, observeAll, Truth } from "./fleet.ts";

describe("placing nodes in cells", () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await openTestWorld();
  });
  afterAll(() => world.close());

  test("a crowd splits its cell, and merges when it leaves", async () => {
    const truth = new Truth();
    const ids = truth.put(
      ...Array.from({ length: 200 }, (_, i) => member(`c${i}`, 47 + i / 1000, 8 + (i % 7) / 100)),
    );
    expect(await truth.tell(world, ids)).toBe(true);
    const sizes = await cellSizes();
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_MEMBERS);
    expect((await allMembers(world)).map((one) => one.id).sort()).toEqual([...ids].sort());

    expect(await truth.tell(world, truth.drop(...ids.slice(5)))).toBe(true);
    expect((await allMembers(world)).map((one) => one.id).sort()).toEqual(ids.slice(0, 5).sort());
    expect((await cellSizes()).length).toBeLessThan(sizes.length);
    await truth.tell(world, truth.drop(...ids));
    expect(await allMembers(world)).toEqual([]);
  });

  test("two hundred nodes on one spot, and ten with no position, are all there", async () => {
    const truth = new Truth();
    const same = truth.put(...Array.from({ length: 200 }, (_, i) => member(`s${i}`, -17.7, 180)));
    const nowhere = truth.put(...Array.from({ length: 10 }, (_, i) => member(`n${i}`, undefined, undefined)));
    expect(await truth.tell(world, [...same, ...nowhere])).toBe(true);
    expect(await truth.tell(world, [...same, ...nowhere])).toBe(true);
    expect((await allMembers(world)).map((one) => one.id).sort()).toEqual([...same, ...nowhere].sort());
    expect(Math.max(...(await cellSizes()))).toBeLessThanOrEqual(MAX_MEMBERS);
    await truth.tell(world, truth.drop(...same, ...nowhere));
  });

  test("observations go with a split", async () => {
    const truth = new Truth();
    const first = truth.put(...Array.from({ length: 60 }, (_, i) => member(`o${i}`, 10 + i / 100, 20)));
    await truth.tell(world, first);
    await observeAll(world, 1, 1000);
    const second = truth.put(...Array.from({ length: 10 }, (_, i) => member(`p${i}`, 10 + i / 100, 20.5)));
    await truth.tell(world, second);
    const found = await Cells.nearest(coldWorld(world), {
      at: { lat: 10, lng: 20 },
      k: 10,
      qualifies: (node) => node.observation?.health === "healthy",
    });
    expect(found.found).toHaveLength(10);
    expect(found.found[0]!.node.member.id).toBe("o0");
    await truth.tell(world, truth.drop(...first, ...second));
  });

  test("concurrent tellers end where one after the other would", async () => {
    const runs = Number(process.env.ARX_RUNS ?? 3);
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            id: fc.integer({ min: 0, max: 90 }).map(String),
            at: fc.option(
              fc.record({
                lat: fc.double({ min: -90, max: 90, noNaN: true }),
                lng: fc.double({ min: -180, max: 180, noNaN: true }),
              }),
              { freq: 4 },
            ),
          }),
          { minLength: 40, maxLength: 160 },
        ),
        async (steps) => {
          tried++;
          const truth = new Truth();
          const told: Promise<boolean>[] = [];
          const ids = new Set<string>();
          for (const [i, { id, at }] of steps.entries()) {
            ids.add(id);
            if (at) truth.put(member(id, at.lat, at.lng));
            else truth.drop(id);
            // Some are told at once, some late, some twice.
            if (i % 3 !== 0) told.push(truth.tell(world, [id]));
            if (i % 20 === 0) await Promise.all(told);
          }
          await Promise.all(told);
          await truth.tell(world, [...ids]);
          const held = await allMembers(world);
          const sorted = (all: { id: string }[]) => all.map((one) => JSON.stringify(one)).sort();
          expect(sorted(held)).toEqual(sorted([...truth.members.values()]));
          await truth.tell(world, truth.drop(...ids));
        },
      ),
      { numRuns: runs },
    );
    console.log(`cells: ${tried} histories of up to 160 changes`);
  }, 240_000);

  async function cellSizes(): Promise<number[]> {
    const sizes: number[] = [];
    for await (const unit of Cells.units(world)) {
      for (const cell of await Cells.read(world, unit.cells)) sizes.push(cell.members.length);
    }
    return sizes;
  }
});
