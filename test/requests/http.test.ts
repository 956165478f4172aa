import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotFound } from "../../core/errors.ts";
import { newId } from "../../core/id.ts";
import { Requests, type RoutingRequest } from "../../core/requests/index.ts";
import { encodeCursor } from "../../core/store/cursor.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeRequest, HOUR, NOW, newestFirst, recordAll } from "./factory.ts";
import { ask, nextOf, type Served, serveRequests } from "./served.ts";

let world: TestWorld;
let gateway: Served;
const all: RoutingRequest[] = Array.from({ length: 7 }, (_, at) =>
  describeRequest({ created_at: NOW - at * HOUR, client_info: { client_id: `c-${at}` } }),
);
beforeAll(async () => {
  world = await openTestWorld({ now: () => NOW });
  gateway = await serveRequests(world);
  await recordAll(world, all);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

it("lists bare arrays, the next page behind Link", async () => {
  const ids: string[] = [];
  let at: string | undefined = "?limit=3";
  let pages = 0;
  while (at !== undefined) {
    const answer = await ask(gateway, at);
    expect(answer.status).toBe(200);
    ids.push(...((await answer.json()) as { id: string }[]).map(({ id }) => id));
    at = nextOf(answer);
    pages++;
  }
  expect(ids).toEqual(newestFirst(all).map(({ id }) => id));
  expect(pages).toBe(3);
});

it("gives one whole, 404 for one that is not there", async () => {
  const found = await ask(gateway, `/${all[2]!.id}`);
  expect(found.status).toBe(200);
  expect(await found.json()).toMatchObject({
    id: all[2]!.id,
    client_id: "c-2",
    status: "routed",
    error: null,
    request_data: null,
    created_at: new Date(all[2]!.created_at).toISOString(),
  });
  const other = all[2]!.id;
  for (const id of [newId(world), other.toUpperCase(), other.replace(/-7/, "-4"), "no-such", "%20"]) {
    const missing = await ask(gateway, `/${id}`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toBe("application/problem+json");
  }
});

it("is for the admin alone", async () => {
  for (const path of ["", "/export", `/${all[0]!.id}`]) {
    expect((await ask(gateway, path, { headers: {} })).status).toBe(401);
  }
});

describe("bad input is refused with the field's name:", () => {
  const q = (value: unknown) =>
    `q=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`;
  let deep: unknown = 1;
  for (let level = 0; level < 17; level++) deep = { a: deep };
  const filters: [string, string][] = [
    ["status=lost", "status"],
    ["status=routed&status=failed", "status"],
    ["node_id=-", "node_id"],
    ["client_id=", "client_id"],
    [`client_id=${"x".repeat(257)}`, "client_id"],
    ["since=yesterday", "since"],
    ["since=2026-01-01T00:00:00", "since"],
    ["since=2026-13-01", "since"],
    ["until=0", "until"],
    ["since=2026-01-02&until=2026-01-01", "since"],
    ["cell=", "cell"],
    ["cell=a", "cell"],
    ["cell=u0qj8z4kdx", "cell"],
    [q("{"), "q"],
    [q([1]), "q"],
    [q("1"), "q"],
    [q("null"), "q"],
    [q(deep), "q"],
    [q({ a: Array.from({ length: 256 }, () => 1) }), "q"],
    [q({ a: "x".repeat(5000) }), "q"],
    ["limit=0", "limit"],
    ["limit=x", "limit"],
    ["limit=1.5", "limit"],
    ["cursor=", "cursor"],
  ];
  const listOnly: [string, string][] = [["limit=1001", "limit"]];
  const exportOnly: [string, string][] = [
    ["format=xml", "format"],
    ["format=csv&format=json", "format"],
    ["limit=10000001", "limit"],
  ];
  it.each([
    ...[...filters, ...listOnly].map(([query, field]) => [`?${query}`, field]),
    ...[...filters, ...exportOnly].map(([query, field]) => [`/export?${query}`, field]),
  ] as [string, string][])("%.60s", async (query, field) => {
    const answer = await ask(gateway, query);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await answer.json()) as { errors: { path: string }[] };
    expect(problem.errors.map(({ path }) => path)).toContain(field);
  });

  it("cursors from elsewhere", async () => {
    const page = await ask(gateway, "?limit=1");
    const list = new URL(nextOf(page)!).searchParams.get("cursor")!;
    const exported = await ask(gateway, "/export?limit=3&format=csv");
    expect(nextOf(exported)).toBeUndefined();
    const place = `2026-01-01T00#${all[0]!.id}`;
    const foreign = [
      "nonsense",
      "!",
      encodeCursor("nodes", place),
      encodeCursor("requests", "2026-99-01T00#"),
      encodeCursor("requests", "0#"),
      encodeCursor("requests", [place, null]),
      encodeCursor("requests-export", [place, 0]),
    ];
    for (const cursor of foreign) {
      for (const path of ["", "/export"]) {
        const answer = await ask(gateway, `${path}?cursor=${encodeURIComponent(cursor)}`);
        expect(answer.status, cursor).toBe(400);
        expect(await answer.json()).toMatchObject({
          detail: "The cursor is not one that this listing gave.",
          errors: [{ path: "cursor" }],
        });
      }
    }
    expect((await ask(gateway, `/export?cursor=${list}`)).status).toBe(400);
  });
});

it("costs one write unit a request of 1 KB or less, its place in the listing included", async () => {
  const spent: { call: string; table: string; units: number }[] = [];
  const counted = await openTestWorld({ now: () => NOW });
  counted.store.doc.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as unknown as Record<string, unknown>;
      const { output } = await next({
        ...args,
        input: Object.assign(args.input, { ReturnConsumedCapacity: "INDEXES" }),
      });
      const { ConsumedCapacity } = output as { ConsumedCapacity?: { CapacityUnits?: number } };
      const call = String((context as { commandName?: string }).commandName);
      spent.push({
        call,
        table: String(input.TableName),
        units: ConsumedCapacity?.CapacityUnits ?? Number.NaN,
      });
      return { output } as Awaited<ReturnType<typeof next>>;
    },
    { step: "initialize" },
  );
  const recorded = [0, 200, 400, 1000].map((bytes) =>
    describeRequest({ client_info: { client_id: "c-1" }, request_data: { payload: "x".repeat(bytes) } }),
  );
  for (const one of recorded) await Requests.record(counted, one);
  const units = spent.filter(({ table }) => table.endsWith("-requests")).map(({ units }) => units);
  console.log(`write units of requests: ${units.join(", ")}; of the hour's mark: ${spent[0]!.units}, once`);
  // The last has 1 KB in its payload alone.
  expect(units).toEqual([1, 1, 1, 2]);
  expect(spent.filter(({ table }) => table.endsWith("-request-hours"))).toHaveLength(1);

  spent.length = 0;
  const ctx = adminCtx(counted);
  expect(await Requests.get(ctx, { id: recorded[1]!.id })).toMatchObject({ id: recorded[1]!.id });
  await expect(Requests.get(ctx, { id: "no-such" })).rejects.toThrow(NotFound);
  expect(spent).toEqual([{ call: "GetItemCommand", table: expect.stringMatching(/-requests$/), units: 0.5 }]);
  expect((await Requests.list(ctx, {})).items).toHaveLength(recorded.length);
  await counted.close();
});
