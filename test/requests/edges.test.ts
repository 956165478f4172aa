import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { iso, newId, timeOfId } from "../../core/id.ts";
import { Requests } from "../../core/requests/index.ts";
import { REQUEST_HOURS, REQUESTS } from "../../core/requests/items.ts";
import type { TableSpec } from "../../core/store/index.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeRequest, HOUR, NOW } from "./factory.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 25) * 2;
const MINUTE = 60_000;
/** Two hours begin here; nothing comes in the first of them. */
const QUIET = NOW + HOUR / 2 - 5 * HOUR;
const EDGES = [QUIET, NOW + HOUR / 2 - HOUR];
/** When ids were made, to an edge. */
const CAME = [-30_000, -24_000, -1, 0, 1, 20_000];
/** From the id to `created_at`: at once, after forwarding, at the most; then a clock set back, and a machine that slept. */
const TOOK = [0, 1, 24_000, MINUTE];
const ODD = [-5000, -2 * HOUR, MINUTE + 1, 3 * HOUR];
/** Instants that a range may begin or end at, to an edge. */
const BOUNDS = [-HOUR, -MINUTE, -30_000, -24_001, -6000, -1, 0, 1, 23_999, 24_000, 59_999, MINUTE, HOUR];

describe("a request that came before the edge of an hour and was recorded after it,", () => {
  let world: TestWorld;
  let ctx: Ctx;
  const made = EDGES.flatMap((edge) =>
    CAME.filter((came) => edge !== QUIET || came < 0).flatMap((came) =>
      [...TOOK, ...ODD].map((took) =>
        describeRequest({
          id: newId({ now: () => edge + came, random: Math.random }),
          created_at: edge + came + took,
        }),
      ),
    ),
  );
  /** As they are told, the newest first. */
  let told: { id: string; created_at: string }[];

  beforeAll(async () => {
    world = await openTestWorld({ now: () => NOW });
    ctx = adminCtx(world);
    // Each by a process of its own, which has noted no hour yet.
    for (const one of made) await Requests.record(coldWorld(world), one);
    told = await Promise.all(
      made
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .map(async ({ id }) => ({ id, created_at: (await Requests.get(ctx, { id })).created_at })),
    );
  });
  afterAll(() => world.close());

  const scan = async (spec: TableSpec) =>
    (await world.store.doc.send(new ScanCommand({ TableName: world.store.table(spec) }))).Items!;

  it("is in the partition of its id, whose hour is noted", async () => {
    const items = await scan(REQUESTS);
    expect(items).toHaveLength(made.length);
    const hourOf = (id: string) => iso(timeOfId(id)).slice(0, 13);
    for (const { id, hour_shard } of items) expect((hour_shard as string).slice(0, 13)).toBe(hourOf(id));
    const noted = (await scan(REQUEST_HOURS)).map(({ hour }) => hour as string);
    expect(noted.sort()).toEqual([...new Set(made.map(({ id }) => hourOf(id)))].sort());
    expect(noted).toHaveLength(3);
  });

  it("says that it was made within a minute after it came", () => {
    const times = new Map(told.map(({ id, created_at }) => [id, Date.parse(created_at)]));
    for (const { id, created_at } of made) {
      const came = timeOfId(id);
      const late = created_at - came;
      expect(times.get(id)! - came).toBe(late < 0 ? 0 : late > MINUTE ? MINUTE : late);
    }
  });

  it("is in every range of time that it belongs to, whatever the size of a page", async () => {
    const bound = fc.option(
      fc.tuple(fc.constantFrom(...EDGES), fc.constantFrom(...BOUNDS)).map(([edge, to]) => edge + to),
      { nil: undefined, freq: 5 },
    );
    let found = 0;
    let across = 0;
    await fc.assert(
      fc.asyncProperty(bound, bound, fc.constantFrom(4, 20, 1000), async (since, until, limit) => {
        if (since !== undefined && until !== undefined && since > until) return;
        const expected = told.filter(({ created_at }) => {
          const at = Date.parse(created_at);
          return (since === undefined || at >= since) && (until === undefined || at <= until);
        });
        const ids: string[] = [];
        let cursor: string | undefined;
        do {
          const { items, next } = await Requests.list(ctx, {
            since: since === undefined ? undefined : iso(since),
            until: until === undefined ? undefined : iso(until),
            limit: String(limit),
            cursor,
          });
          ids.push(...items.map(({ id }) => id));
          cursor = next;
        } while (cursor !== undefined);
        expect(ids).toEqual(expected.map(({ id }) => id));
        found += ids.length;
        across += expected.filter(
          ({ id }) => since !== undefined && iso(timeOfId(id)).slice(0, 13) < iso(since).slice(0, 13),
        ).length;
      }),
      { numRuns: RUNS },
    );
    console.log(`edges: ${RUNS} ranges, ${found} found, ${across} of them in the hour before the range`);
    expect(across).toBeGreaterThan(0);
  });
});
