import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { Ctx } from "../../core/ctx.ts";
import { Conflict, Invalid, NotFound } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { createdView, nodeView } from "../../core/nodes/view.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeNode, makeNode, steadyClock } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
const clock = steadyClock();
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
});
afterAll(() => world.close());

describe("register", () => {
  it("N1, H1: makes a node that is active, with unknown health, for anyone", async () => {
    const anyone: Ctx = { ...ctx, actor: { kind: "anyone" } };
    const answer = await Nodes.register(anyone, describeNode());
    expect(z.parse(createdView, answer)).toEqual(answer);
    const { node_key: _, ...node } = answer;
    expect(node).toMatchObject({
      status: "active",
      desired_state: "active",
      health: "unknown",
      revision: 1,
    });
    expect(await Nodes.get(ctx, { id: node.id })).toEqual(node);
  });

  it("gives a key once, and stores only its hash", async () => {
    const { node_key, ...node } = await Nodes.register(ctx, describeNode());
    expect(await Keys.authenticate(world, node_key)).toMatchObject({ kind: "node", id: node.id });
    const record = await Nodes.find(world, node.id, { consistent: true });
    expect(JSON.stringify([record, await Nodes.get(ctx, { id: node.id })])).not.toContain(node_key);
  });

  it("keeps every field, whatever JSON is in its metadata", async () => {
    const given = {
      node_id: "whole.1",
      hostname: "edge.local",
      ip: "2001:db8::1",
      port: 8080,
      websocket_url: "wss://whole.example.com/ws",
      health_check_url: "https://whole.example.com/up?deep=1",
      role: "edge",
      labels: ["gpu", "zone=a"],
      services: ["ar"],
      provider: "metal",
      region: "eu-central",
      service_radius_km: 12.5,
      capacity: 7,
      capabilities: { cpu_cores: 4, gpu: { name: "", vram: 1e21 } },
      version: "1.2.3",
      metadata: { tiny: 5e-324, huge: 1.7e308, empty: "", none: null, list: [{}], "": "ü" },
    };
    await Nodes.register(ctx, describeNode(given));
    expect(await Nodes.get(ctx, { id: "whole.1" })).toMatchObject({
      ...Object.fromEntries(Object.entries(given).filter(([field]) => field !== "node_id")),
      id: "whole.1",
      lat: 47.3769,
      lng: 8.5417,
      location_x: 8.5417,
      location_y: 47.3769,
    });
  });

  it.each([
    ["endpoint", { endpoint: "http://169.254.169.254/latest" }],
    ["endpoint", { endpoint: "http://10.0.0.1" }],
    ["health_check_url", { health_check_url: "http://[::ffff:10.0.0.1]/health" }],
  ])("refuses a private %s: %j", async (field, given) => {
    const refused = Nodes.register(ctx, describeNode({ node_id: "private", ...given }));
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof Invalid && error.issues[0]?.path === field,
    );
    expect(await Nodes.find(world, "private", { consistent: true })).toBeNull();
  });

  it("refuses loopback where the configuration does", async () => {
    const strict: Ctx = { ...ctx, config: { ...ctx.config, ARX_ALLOW_LOOPBACK: false } };
    await expect(Nodes.register(strict, describeNode({ endpoint: "http://127.0.0.1:1" }))).rejects.toThrow(
      Invalid,
    );
    await expect(Nodes.register(ctx, describeNode({ endpoint: "http://127.0.0.1:1" }))).resolves.toBeTruthy();
  });

  it("refuses an id that is taken, and changes nothing", async () => {
    const id = await makeNode(ctx, { node_id: "taken" });
    const before = await Nodes.get(ctx, { id });
    await expect(Nodes.register(ctx, describeNode({ node_id: id }))).rejects.toThrow(Conflict);
    expect(await Nodes.get(ctx, { id })).toEqual(before);
  });

  it("lets one of many win that want the same id at once", async () => {
    const rivals = Array.from({ length: 8 }, () => Nodes.register(ctx, describeNode({ node_id: "wanted" })));
    const ends = await Promise.allSettled(rivals);
    const won = ends.filter((end) => end.status === "fulfilled");
    const lost = ends.filter((end) => end.status === "rejected");
    expect(won).toHaveLength(1);
    expect(lost.every(({ reason }) => reason instanceof Conflict)).toBe(true);
    expect((await Nodes.get(ctx, { id: "wanted" })).name).toBe(won[0]!.value.name);
    expect((await Nodes.transitions(ctx, { id: "wanted" })).transitions).toHaveLength(1);
  });
});

describe("an admin", () => {
  it("N2: creates a node that is inactive", async () => {
    const answer = await Nodes.create(ctx, describeNode());
    expect(z.parse(createdView, answer)).toEqual(answer);
    expect(answer).toMatchObject({ status: "inactive", health: "unknown" });
  });

  it("N2: registers a node that is inactive, or active with auto_start", async () => {
    expect((await Nodes.adminRegister(ctx, describeNode())).node.status).toBe("inactive");
    expect((await Nodes.adminRegister(ctx, describeNode({ auto_start: true }))).node.status).toBe("active");
  });
});

describe("discovery", () => {
  it("N3: files a node as discovered, by its host, with a position or without", async () => {
    const record = await Nodes.discoverNew(ctx, { endpoint: "http://192.0.2.9.example.com:8080" });
    expect(record).toMatchObject({ desired_state: "discovered", name: "192.0.2.9.example.com:8080" });
    const view = await Nodes.get(ctx, { id: record.id });
    expect(z.parse(nodeView, view)).toEqual(view);
    expect(view).toMatchObject({ status: "discovered", lat: null, geohash: null, service_radius_km: null });
    const placed = await Nodes.discoverNew(ctx, {
      endpoint: "http://b.example.com",
      name: "b",
      lat: 1,
      lng: 2,
    });
    expect(placed).toMatchObject({ name: "b", lat: 1, lng: 2 });
  });
});

describe("a deleted node", () => {
  it("N14: is gone, and its id free; the next one under it is newer in every way", async () => {
    const id = await makeNode(ctx, { node_id: "phoenix" });
    await Nodes.disable(ctx, { id });
    await Nodes.activate(ctx, { id });
    const first = (await Nodes.find(world, id, { consistent: true }))!;
    await Nodes.remove(ctx, { id });
    await expect(Nodes.get(ctx, { id })).rejects.toThrow(NotFound);
    await expect(Nodes.remove(ctx, { id })).rejects.toThrow(NotFound);
    await makeNode(ctx, { node_id: "phoenix" });
    const second = (await Nodes.find(world, id, { consistent: true }))!;
    // The clock stands still: what is newer must not hang on it.
    expect(second.created_at).toBeGreaterThan(first.updated_at);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second.revision).toBe(1);
    expect(
      await Nodes.flip(ctx, { id, epoch: first.epoch, health: "unhealthy", evidence: "late" }),
    ).toBeNull();
  });
});
