import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { Ctx } from "../../core/ctx.ts";
import { Malformed } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { nodeSummary, nodeView } from "../../core/nodes/view.ts";
import { encodeCursor } from "../../core/store/cursor.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { makeNode, steadyClock } from "./factory.ts";

const CITIES = [
  { id: "zurich", lat: 47.38, lng: 8.54, role: "edge", region: "eu", labels: ["gpu", "a"] },
  { id: "suva", lat: -18.14, lng: 178.44, role: "edge", region: "oc", labels: ["gpu"] },
  { id: "apia", lat: -13.83, lng: -171.77, role: "core", region: "oc", labels: [] },
  { id: "quito", lat: -0.18, lng: -78.47, role: "core", region: "sa", labels: ["a"] },
];

let world: TestWorld;
let ctx: Ctx;
let anyone: Ctx;
const clock = steadyClock();
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
  anyone = { ...ctx, actor: { kind: "anyone" } };
  for (const { lat, lng, ...city } of CITIES) {
    clock.advance(1000);
    await makeNode(ctx, { ...city, location: { lat, lng }, metadata: { note: "not for everyone" } });
  }
  clock.advance(1000);
  await Nodes.discoverNew(ctx, { endpoint: "http://nowhere.example.com", node_id: "nowhere" });
  await Nodes.flip(ctx, { id: "suva", epoch: 1, health: "healthy", evidence: "200" });
  await Nodes.drain(ctx, { id: "apia" });
});
afterAll(() => world.close());

const NEWEST = ["nowhere", "quito", "apia", "suva", "zurich"];
const idsOf = async (asked: Parameters<typeof Nodes.list>[1]) =>
  (await Nodes.list(anyone, asked)).items.map(({ id }) => id);

describe("a listing", () => {
  it("is newest first", async () => {
    expect(await idsOf({})).toEqual(NEWEST);
  });

  it.each([
    [{ status: "healthy" }, ["suva"]],
    [{ status: "active" }, ["quito", "zurich"]],
    [{ status: "draining" }, ["apia"]],
    [{ status: "discovered" }, ["nowhere"]],
    [{ status: "disabled" }, []],
    [{ role: "edge" }, ["suva", "zurich"]],
    [{ region: "oc" }, ["apia", "suva"]],
    [{ provider: "nobody" }, []],
    [{ label: "gpu" }, ["suva", "zurich"]],
    [{ label: ["gpu", "a"] }, ["zurich"]],
    [{ role: "edge", region: "oc", status: "healthy", label: "gpu" }, ["suva"]],
  ] as const)("filters by %j", async (asked, ids) => {
    expect(await idsOf({ ...asked, label: "label" in asked ? [asked.label].flat() : undefined })).toEqual(
      ids,
    );
  });

  it("shows summaries to anyone, whole nodes to an admin", async () => {
    for (const item of (await Nodes.list(anyone, {})).items) {
      expect(z.parse(nodeSummary, item)).toEqual(item);
      expect(item).not.toHaveProperty("metadata");
    }
    for (const page of [await Nodes.list(ctx, {}), await Nodes.listWhole(ctx, {})]) {
      expect(page.items.map(({ id }) => id)).toEqual(NEWEST);
      for (const item of page.items) expect(z.parse(nodeView, item)).toEqual(item);
    }
  });

  it("is by distance from near, right across the antimeridian, those without a position last", async () => {
    const { items } = await Nodes.list(anyone, { near: "-15,180" });
    expect(items.map(({ id }) => id)).toEqual(["suva", "apia", "quito", "zurich", "nowhere"]);
    expect(items[0]!.distance_km).toBeCloseTo(386, -1);
    expect(items[4]!.distance_km).toBeNull();
    expect(await idsOf({ near: "-15,180", role: "core" })).toEqual(["apia", "quito"]);
  });

  it("goes on where its cursor says", async () => {
    for (const asked of [{}, { near: "0,0" }, { role: "edge" }, { near: "0,0", label: "a" }]) {
      const whole = await idsOf(asked);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await Nodes.list(anyone, { ...asked, limit: 1, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor);
      expect(seen).toEqual(whole);
    }
  });

  it("refuses a cursor that is not its own", async () => {
    const near = (await Nodes.list(anyone, { near: "0,0", limit: 1 })).next!;
    const newest = (await Nodes.list(anyone, { limit: 1 })).next!;
    const forged = encodeCursor("nodes", "0");
    for (const cursor of ["nonsense", "!", near, forged, encodeCursor("transitions", "a")]) {
      await expect(Nodes.list(anyone, { cursor })).rejects.toThrow(Malformed);
    }
    await expect(Nodes.list(anyone, { near: "0,0", cursor: newest })).rejects.toThrow(Malformed);
    await expect(Nodes.list(anyone, { near: "0,1", cursor: near })).rejects.toThrow(Malformed);
  });
});

describe("a larger fleet", () => {
  it("is listed page by page, none skipped or repeated, while nodes come, change and go", async () => {
    const busy = await openTestWorld({ now: clock.now });
    const admin = adminCtx(busy);
    const made: string[] = [];
    for (let at = 0; at < 36; at++) {
      // Several in one millisecond: their order is then by id.
      if (at % 3 === 0) clock.advance(1);
      made.push(await makeNode(admin, { auto_start: false }));
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await Nodes.list(admin, { limit: 5, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
      clock.advance(1);
      await makeNode(admin, { auto_start: false });
      await Nodes.update(admin, { id: made[seen.length % made.length]!, name: "changed" });
    } while (cursor);
    expect(seen.toSorted()).toEqual(made.toSorted());
    const all: string[] = [];
    for await (const { id } of Nodes.all(busy)) all.push(id);
    expect(all.length).toBe(new Set(all).size);
    expect(all).toEqual(expect.arrayContaining(made));
    await busy.close();
  });
});

it("findAll gives the nodes there are, each once", async () => {
  const found = await Nodes.findAll(world, ["zurich", "nobody", "suva", "zurich"]);
  expect(found.map(({ id }) => id).toSorted()).toEqual(["suva", "zurich"]);
});
