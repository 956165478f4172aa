import { afterAll, beforeAll, expect, test } from "vitest";
import type { RoutingRequest } from "../../core/requests/index.ts";
import { DIMENSIONS } from "../../core/rollups/cube.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { expectExact } from "./compare.ts";
import { anyRequest, bruteForce, chance, storedItem } from "./requests.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 25);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Far ahead: DynamoDB Local takes away what has expired.
const MADE = Date.parse("2040-03-03T15:34:56.000Z");
const random = chance(3);

let world: TestWorld;
let now = MADE;
let requests: RoutingRequest[];
let folded: Rollups.Folded;
beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
  requests = Array.from({ length: 500 }, () => anyRequest(random, { since: MADE - 39 * HOUR, until: MADE }));
  const records = requests.map((one, n) => ({ sequence: BigInt(n + 1), inserted: storedItem(one) }));
  await Rollups.count(world, "shard", records);
  folded = await Rollups.fold(world);
}, 120_000);
afterAll(() => world.close());

async function holds(asked: Rollups.Range): Promise<Rollups.Counted> {
  const counted = await Rollups.read(world, asked, DIMENSIONS);
  expect(counted.since).toBeLessThanOrEqual(asked.since);
  expect(counted.until).toBeGreaterThanOrEqual(Math.min(asked.until, now));
  const inside = requests.filter((one) => one.created_at >= counted.since && one.created_at < counted.until);
  expectExact(counted.cube, bruteForce(inside, world.config.MAX_DISTANCE));
  return counted;
}

test(`R12: ${RUNS} ranges of any minutes, over days, hours and minutes, are what brute force counts`, async () => {
  expect(folded).toEqual({ hours: 39, days: 1 });
  now = MADE;
  for (let n = 0; n < RUNS; n++) {
    const since = MADE - Math.floor(random() * 42 * HOUR);
    const counted = await holds({ since, until: since + 1 + Math.floor(random() * (MADE - since)) });
    expect(since - counted.since).toBeLessThan(MINUTE);
  }
  await holds({ since: MADE - 60 * DAY, until: MADE });
});

test("R11, R12: three days later it is whole hours, forty days later the days that were folded", async () => {
  now = MADE + 3 * DAY;
  await Rollups.fold(world);
  const hours = await holds({ since: MADE - 20 * HOUR - 7 * MINUTE, until: MADE - 3 * HOUR + 5 * MINUTE });
  expect([hours.since % HOUR, hours.until % HOUR]).toEqual([0, 0]);
  now = MADE + 40 * DAY;
  const days = await holds({
    since: Date.parse("2040-03-02T05:00:00Z"),
    until: Date.parse("2040-03-02T06:00:00Z"),
  });
  expect([days.since, days.until]).toEqual([Date.parse("2040-03-02"), Date.parse("2040-03-03")]);
  expect(days.cube.total.requests).toBeGreaterThan(100);
});
