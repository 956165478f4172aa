import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { Ctx } from "../../core/ctx.ts";
import { NotFound } from "../../core/errors.ts";
import { newId } from "../../core/id.ts";
import { contains, type Json } from "../../core/requests/contains.ts";
import { Requests, type RoutingRequest } from "../../core/requests/index.ts";
import { pageOf } from "../../core/requests/list.ts";
import { requestView } from "../../core/requests/view.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeRequest, HOUR, NOW, newestFirst, recordAll, STATUSES } from "./factory.ts";

type Given = Parameters<typeof Requests.list>[1];

const RUNS = Number(process.env.ARX_RUNS ?? 25);

/** Pages of a listing until the last; `between` runs after each. */
async function walk(
  ctx: Ctx,
  asked: Given,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await Requests.list(ctx, { ...asked, cursor });
    ids.push(...items.map(({ id }) => id));
    cursor = next;
    await between();
  } while (cursor !== undefined);
  return ids;
}

const CELLS = [
  { lat: 47.37, lng: 8.54 },
  { lat: 47.38, lng: 8.53 },
  { lat: -18.14, lng: 178.44 },
];
const NODES = ["zurich-1", "suva-1", null];
const CLIENTS = [null, { client_id: "c-1" }, { id: "c-2", client_id: "c-1" }, { id: "c-2" }, { id: 7 }];
const PAYLOADS: Json[] = [
  { user: "ada", tags: ["a", "b"] },
  { user: "bob", n: 1e21 },
  [1, { deep: [] }],
  "text",
];
/** Three busy hours, a gap of days, and the edges of hours. */
const TIMES = [
  0,
  1,
  59_000,
  HOUR / 2,
  HOUR / 2 + 1,
  HOUR,
  2 * HOUR,
  30 * HOUR,
  30 * HOUR + 1,
  500 * HOUR,
].map((ago) => NOW - ago);

const DAYS = 30;
const pick = <T>(from: readonly T[], at: number): T => from[at % from.length]!;

describe("a listing", () => {
  let world: TestWorld;
  let ctx: Ctx;
  const all: RoutingRequest[] = Array.from({ length: 160 }, (_, at) =>
    describeRequest({
      ...pick(CELLS, at * 7),
      created_at: pick(TIMES, at),
      status: pick(STATUSES, at * 3),
      selected_node_id: pick(NODES, at * 5),
      client_info: pick(CLIENTS, at * 11),
      request_data: at % 3 === 0 ? null : { payload: pick(PAYLOADS, at) },
      response_data: at % 4 === 0 ? pick(PAYLOADS, at + 1) : null,
      metadata: { priority: pick(["low", "high"], at), user: pick(["ada", "eve"], at * 13) },
    }),
  );
  beforeAll(async () => {
    world = await openTestWorld({ now: () => NOW });
    ctx = adminCtx(world);
    await recordAll(world, all);
  });
  afterAll(() => world.close());

  it("is newest first, whole", async () => {
    expect(await walk(ctx, { limit: 1000 })).toEqual(newestFirst(all).map(({ id }) => id));
  });

  it("shows each as it was recorded", async () => {
    const { items } = await Requests.list(ctx, { limit: 1000 });
    const views = new Map(items.map((view) => [view.id, view]));
    for (const request of all) {
      const { lat, lng, created_at, ...rest } = request;
      const view = views.get(request.id)!;
      expect(view).toMatchObject({
        ...rest,
        coordinates_x: lng,
        coordinates_y: lat,
        created_at: new Date(created_at).toISOString(),
        client_id: clientOf(request),
      });
      expect(view.geohash).toHaveLength(9);
      expect(z.parse(requestView, view)).toEqual(view);
      expect(await Requests.get(ctx, { id: request.id })).toEqual(view);
    }
  });

  it("gives what the filters ask for, no more and no less, on pages of any size", async () => {
    const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
    const asked = fc.record({
      status: some(...STATUSES),
      node_id: some("zurich-1", "suva-1", "nobody"),
      client_id: some("c-1", "c-2", "7", "nobody"),
      since: some(...TIMES),
      until: some(...TIMES, NOW + HOUR),
      cell: some("u0q", "u0qj6", "ruyb", "r", "u0qjd172e", "u0qjd172f"),
      q: some<Json>(
        { user: "ada" },
        { payload: { tags: ["b"] } },
        { payload: [{}] },
        { n: 1e21 },
        {},
        { x: 1 },
      ),
      limit: fc.constantFrom(1, 3, 20, 1000),
    });
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(asked, async ({ limit, since, until, q, ...filters }) => {
        if (since !== undefined && until !== undefined && since > until) return;
        const given = {
          ...filters,
          limit: String(limit),
          since: since === undefined ? undefined : new Date(since).toISOString(),
          until: until === undefined ? undefined : new Date(until).toISOString(),
          q: q === undefined ? undefined : JSON.stringify(q),
        };
        const expected = newestFirst(all.filter((one) => matches(one, { since, until, q, ...filters })));
        hits += expected.length;
        expect(await walk(ctx, given)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: RUNS },
    );
    console.log(`listings: ${RUNS} sets of filters, ${hits} requests found`);
    expect(hits).toBeGreaterThan(0);
  });

  it.each([
    { read: 1, kept: 1e9, queries: 1e9, ms: 1e9 },
    { read: 1e9, kept: 1, queries: 1e9, ms: 1e9 },
    { read: 1e9, kept: 1e9, queries: 1, ms: 1e9 },
    { read: 1e9, kept: 1e9, queries: 1e9, ms: 0 },
  ])("goes on where a budget of %j ended a page, skipping and repeating nothing", async (budget) => {
    const ids: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const { items, stoppedAt } = await pageOf(ctx, { q: {} }, { before, limit: 50, budget });
      expect(before === undefined || stoppedAt === undefined || stoppedAt < before).toBe(true);
      ids.push(...items.map((item) => item.id as string));
      before = stoppedAt;
      pages++;
    } while (before !== undefined);
    expect(ids).toEqual(newestFirst(all).map(({ id }) => id));
    expect(pages).toBeGreaterThan(4);
  });

  it("ends a page without an entry, and says where to go on, when none was found in time", async () => {
    const budget = { read: 1e9, kept: 1e9, queries: 1, ms: 1e9 };
    const asked = { client_id: "nobody" };
    const { items, stoppedAt } = await pageOf(ctx, asked, { before: undefined, limit: 50, budget });
    expect(items).toEqual([]);
    expect(stoppedAt).toBeDefined();
  });

  it("reaches back as far as requests are kept, and no farther", async () => {
    const old = describeRequest({ created_at: NOW - (DAYS + 1) * 24 * HOUR });
    await Requests.record(world, old);
    expect(await walk(ctx, { limit: 1000 })).not.toContain(old.id);
    expect(await walk(ctx, { since: "2020-01-01", limit: 1000 })).toHaveLength(all.length);
    await expect(Requests.get(ctx, { id: old.id })).rejects.toThrow(NotFound);
    await expect(Requests.get(ctx, { id: newId(world) })).rejects.toThrow(NotFound);
  });
});

describe("paging", () => {
  it("neither skips nor repeats, whatever is recorded meanwhile", async () => {
    const action = fc.record({
      /** Milliseconds that pass before it is recorded: at times into the next hours. */
      later: fc.constantFrom(0, 1, 1000, HOUR / 2, 3 * HOUR),
      /** Milliseconds that it was under way: its id is older than its record. */
      took: fc.constantFrom(0, 0, 1, 5000, 24_000),
    });
    const history = fc.record({
      before: fc.array(fc.constantFrom(...TIMES, NOW - 5, NOW - HOUR / 2 - 7), {
        minLength: 1,
        maxLength: 30,
      }),
      limits: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      meanwhile: fc.array(fc.array(action, { maxLength: 3 }), { maxLength: 6 }),
    });
    const runs = Math.ceil(RUNS / 4);
    await fc.assert(
      fc.asyncProperty(history, async ({ before, limits, meanwhile }) => {
        let now = NOW;
        const world = await openTestWorld({ now: () => now });
        const ctx = adminCtx(world);
        const first = before.map((created_at) => describeRequest({ created_at }));
        await recordAll(world, first);
        const ids: string[] = [];
        let cursor: string | undefined;
        for (let page = 0; ; page++) {
          const limit = limits[page % limits.length]!;
          const { items, next } = await Requests.list(ctx, { limit, cursor });
          expect(items.length).toBeLessThanOrEqual(limit);
          ids.push(...items.map(({ id }) => id));
          if (next === undefined) break;
          cursor = next;
          for (const { later, took } of meanwhile[page] ?? []) {
            now += later;
            const created_at = now;
            const id = newId({ now: () => created_at - took, random: Math.random });
            await Requests.record(world, describeRequest({ id, created_at }));
          }
        }
        expect(new Set(ids).size).toBe(ids.length);
        const wanted = newestFirst(first).map(({ id }) => id);
        expect(ids.filter((id) => wanted.includes(id))).toEqual(wanted);
        await world.close();
      }),
      { numRuns: runs },
    );
    console.log(`paging: ${runs} histories`);
  });
});

function clientOf({ client_info }: RoutingRequest): string | null {
  const { client_id, id } = (client_info ?? {}) as { client_id?: string; id?: string | number };
  return client_id ?? (id === undefined ? null : String(id));
}

interface Wanted {
  status?: string | undefined;
  node_id?: string | undefined;
  client_id?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
  cell?: string | undefined;
  q?: Json | undefined;
}

const GEOHASHES = new Map([
  [47.37, "u0qj6r6wk"],
  [47.38, "u0qjd172e"],
  [-18.14, "ruybu98nc"],
]);

function matches(
  one: RoutingRequest,
  { status, node_id, client_id, since, until, cell, q }: Wanted,
): boolean {
  if (status !== undefined && one.status !== status) return false;
  if (node_id !== undefined && one.selected_node_id !== node_id) return false;
  if (client_id !== undefined && clientOf(one) !== client_id) return false;
  if (since !== undefined && one.created_at < since) return false;
  if (until !== undefined && one.created_at > until) return false;
  if (cell !== undefined && !GEOHASHES.get(one.lat)!.startsWith(cell)) return false;
  return (
    q === undefined || [one.request_data, one.response_data, one.metadata].some((value) => contains(value, q))
  );
}
