import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Cells, type Member, type NodeObservation } from "../../core/cells/index.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Unavailable } from "../../core/errors.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { Routing } from "../../core/routing/index.ts";
import { healthy, member, Truth } from "../cells/fleet.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

const ZURICH = { lat: 47.3769, lng: 8.5417 };
const asked = { request_id: "r-1", coordinates: ZURICH };

let world: TestWorld;
let ctx: Ctx;
let truth: Truth;

beforeEach(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
  truth = new Truth();
});
afterEach(() => world.close());

/** Places members and observes each, healthy unless told otherwise. */
async function fleet(
  members: readonly Member[],
  seen: Readonly<Record<string, Partial<NodeObservation> | null>> = {},
): Promise<void> {
  await truth.tell(world, truth.put(...members));
  for await (const unit of Cells.units(world)) {
    const versions = new Map<string, number>();
    for (const cell of await Cells.read(world, unit.cells)) {
      const nodes = new Map<string, NodeObservation>();
      for (const one of cell.members) {
        const given = seen[one.id];
        if (given !== null) nodes.set(one.id, { ...healthy(one), ...given });
      }
      const next = { wave: (cell.observed?.wave ?? 0) + 1, at: world.now(), nodes };
      const version = await Cells.writeObservation(world, cell.cell, cell.observed, next);
      if (version !== null) versions.set(cell.cell, version);
    }
    await Cells.publish(world, unit.directory, versions);
  }
}

async function stored(): Promise<Record<string, unknown>[]> {
  const { Items } = await world.store.doc.send(new ScanCommand({ TableName: world.store.table(REQUESTS) }));
  return (Items ?? []).filter((item) => "request_id" in item);
}

async function refusal(input: Parameters<typeof Routing.route>[1]): Promise<Unavailable> {
  const error = await Routing.route(ctx, input).then(
    (answer) => new Error(`routed to ${answer.routed_to.id}`),
    (refused: unknown) => refused,
  );
  expect(error).toBeInstanceOf(Unavailable);
  return error as Unavailable;
}

describe("choosing", () => {
  test("the least loaded of the k nearest, the others as alternatives in order", async () => {
    await fleet(
      [
        member("near", 47.38, 8.54),
        member("mid", 47.4, 8.6),
        member("far", 47.5, 8.7),
        member("out", 47.6, 8.9),
      ],
      { near: { cpu_usage: 90 }, mid: { cpu_usage: 10 }, far: { cpu_usage: 50 }, out: { cpu_usage: 0 } },
    );
    const answer = await Routing.route(ctx, asked);
    expect(answer.routed_to.id).toBe("mid");
    expect(answer.alternatives.map((one) => one.id)).toEqual(["far", "near"]);
    expect(answer.routed_to.distance).toBeCloseTo(5.08, 1);
    expect((await Routing.route(ctx, { ...asked, k: 1 })).routed_to.id).toBe("near");
    expect((await Routing.route(ctx, { ...asked, k: 4 })).routed_to.id).toBe("out");
  });

  test("within the preferred distance while any node is there; beyond it otherwise, and says so", async () => {
    await fleet([member("near", 47.38, 8.54), member("berlin", 52.52, 13.4)], { near: { cpu_usage: 95 } });
    const close = await Routing.route(ctx, asked);
    expect(close.routed_to.id).toBe("near");
    expect(close.alternatives).toEqual([]);
    expect(close).not.toHaveProperty("beyond_max_distance");
    const beyond = await Routing.route(ctx, { ...asked, coordinates: { lat: 0, lng: 0 } });
    expect(beyond.beyond_max_distance).toBe(true);
    expect(beyond.alternatives).toHaveLength(1);
  });

  test("only what is required", async () => {
    await fleet([
      member("plain", 47.38, 8.54),
      member("gpu", 47.9, 8.9, {
        labels: ["gpu", "eu"],
        services: ["ar"],
        role: "edge",
        region: "ch",
        provider: "p",
      }),
    ]);
    const require = { labels: ["gpu", "eu"], services: ["ar"], role: "edge", region: "ch", provider: "p" };
    expect((await Routing.route(ctx, { ...asked, require })).routed_to.id).toBe("gpu");
    expect((await refusal({ ...asked, require: { labels: ["gpu", "us"] } })).code).toBe("NO_MATCH");
  });

  test("says that the fleet is protected", async () => {
    await fleet([member("near", 47.38, 8.54)]);
    await Cells.publishSigns(world, { protected: true, routers: 1, routes_per_s: 0 });
    expect((await Routing.route(ctx, asked)).fleet_protection).toBe(true);
  });
});

describe("refusing", () => {
  test("NO_NODES, and a first node is found at once", async () => {
    expect((await refusal(asked)).code).toBe("NO_NODES");
    await fleet([member("first", 10, 10)]);
    expect((await Routing.route(ctx, asked)).routed_to.id).toBe("first");
  });

  test.each([
    ["ALL_FULL", { active_connections: 100 }, {}],
    ["ALL_UNHEALTHY", { health: "unhealthy" as const }, {}],
    ["ALL_UNHEALTHY", null, {}],
    ["ALL_UNHEALTHY", {}, { draining: true }],
    ["TOO_FAR", {}, { service_radius_km: 1 }],
  ])("%s for %j %j", async (code, seen, over) => {
    await fleet([member("only", 47.5, 8.7, over)], { only: seen });
    expect((await refusal(asked)).code).toBe(code);
    expect((await stored())[0]).toMatchObject({ status: "rejected", request_id: "r-1" });
  });

  test("TOO_FAR for a distance that the request itself names, which is strict", async () => {
    await fleet([member("only", 47.5, 8.7)]);
    expect((await refusal({ ...asked, max_distance_km: 5 })).code).toBe("TOO_FAR");
    expect((await Routing.route(ctx, { ...asked, max_distance_km: 30 })).routed_to.id).toBe("only");
  });

  test("a degraded node serves", async () => {
    await fleet([member("only", 47.5, 8.7)], { only: { health: "degraded" } });
    expect((await Routing.route(ctx, asked)).routed_to.id).toBe("only");
  });
});

describe("telling", () => {
  test("explain lists every node that was looked at, with its score or why it was passed over", async () => {
    await fleet(
      [
        member("good", 47.38, 8.54),
        member("full", 47.39, 8.55),
        member("sick", 47.4, 8.56),
        member("drains", 47.41, 8.57, { draining: true }),
      ],
      { full: { active_connections: 100 }, sick: { health: "unhealthy" } },
    );
    const { considered, considered_total } = await Routing.route(ctx, { ...asked, explain: true });
    const told = Object.fromEntries(
      considered!.map(({ id, qualified, reason }) => [id, { qualified, reason }]),
    );
    expect(told).toEqual({
      good: { qualified: true, reason: null },
      full: { qualified: false, reason: "is full" },
      sick: { qualified: false, reason: "is unhealthy" },
      drains: { qualified: false, reason: "is draining" },
    });
    expect(considered_total).toBe(4);
    expect(considered!.find(({ id }) => id === "good")!.terms).toHaveProperty("cpu");
  });

  test("a dry run answers, and records nothing", async () => {
    await fleet([member("only", 47.5, 8.7)]);
    const answer = await Routing.route(ctx, { ...asked, payload: { a: 1 }, dry_run: true });
    expect(answer).toMatchObject({ dry_run: true, routed_to: { id: "only" } });
    expect(answer).not.toHaveProperty("response_data");
    expect(await stored()).toEqual([]);
  });

  test("what was routed is stored once, whole, for one write unit", async () => {
    await fleet([member("only", 47.5, 8.7)]);
    const units: number[] = [];
    world.store.doc.middlewareStack.add(
      (next, context) => async (args) => {
        const isPut = (context as { commandName?: string }).commandName === "PutItemCommand";
        const input = args.input as { TableName?: string; Item?: object; ReturnConsumedCapacity?: string };
        const counted =
          isPut && input.TableName === world.store.table(REQUESTS) && "request_id" in (input.Item ?? {});
        if (counted) input.ReturnConsumedCapacity = "TOTAL";
        const result = await next(args);
        if (counted) {
          units.push(
            (result.output as { ConsumedCapacity: { CapacityUnits: number } }).ConsumedCapacity.CapacityUnits,
          );
        }
        return result;
      },
      { step: "initialize", priority: "low" },
    );
    const answer = await Routing.route(ctx, {
      ...asked,
      metadata: { shop: "7" },
      client_info: { client_id: "c" },
    });
    const items = await stored();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: answer.id,
      request_id: "r-1",
      coordinates_x: ZURICH.lng,
      coordinates_y: ZURICH.lat,
      selected_node_id: "only",
      distance: answer.routed_to.distance,
      load_score: answer.routed_to.load_score,
      status: "routed",
    });
    expect(units).toEqual([1]);
  });
});
