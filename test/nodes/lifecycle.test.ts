import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Conflict, Invalid, Malformed, NotFound } from "../../core/errors.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { makeNode, steadyClock } from "./factory.ts";

let world: TestWorld;
let ctx: Ctx;
const clock = steadyClock();
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const record = async (id: string) => (await Nodes.find(world, id, { consistent: true }))!;

describe("the operator's verbs", () => {
  it("N4, H1: activate makes a node active, observed anew", async () => {
    const id = await makeNode(ctx, { auto_start: false });
    expect(await Nodes.activate(ctx, { id })).toEqual({
      message: "The node is active.",
      node_id: id,
      status: "active",
      revision: 2,
    });
    expect(await record(id)).toMatchObject({ desired_state: "active", health: "unknown", epoch: 2 });
  });

  it("N5, N6, N7: deactivate, drain and disable lead where they say, and keep what was observed", async () => {
    const id = await makeNode(ctx);
    await Nodes.flip(ctx, { id, epoch: 1, health: "healthy", evidence: "200" });
    expect((await Nodes.drain(ctx, { id, deadline_s: 60 })).status).toBe("draining");
    expect(await record(id)).toMatchObject({ health: "healthy", drain_deadline: clock.now() + 60_000 });
    expect((await Nodes.deactivate(ctx, { id })).status).toBe("inactive");
    expect(await record(id)).not.toHaveProperty("drain_deadline");
    expect((await Nodes.disable(ctx, { id })).status).toBe("disabled");
    expect(await record(id)).toMatchObject({ health: "healthy", epoch: 1 });
  });

  it("N8: a settled drain makes a node inactive, once, and only the drain it was of", async () => {
    const id = await makeNode(ctx);
    expect(await Nodes.settleDrain(ctx, { id, evidence: "empty" })).toBeNull();
    await Nodes.drain(ctx, { id });
    expect(await Nodes.settleDrain(ctx, { id, evidence: "empty", epoch: 9 })).toBeNull();
    expect(await Nodes.settleDrain(ctx, { id, evidence: "empty", epoch: 1 })).toMatchObject({
      desired_state: "inactive",
    });
    expect(await Nodes.settleDrain(ctx, { id, evidence: "empty", epoch: 1 })).toBeNull();
    expect(await Nodes.settleDrain(ctx, { id: "nobody", evidence: "empty" })).toBeNull();
  });

  it("N9: an illegal transition is refused and changes nothing", async () => {
    const id = await makeNode(ctx);
    const before = await record(id);
    await expect(Nodes.activate(ctx, { id })).rejects.toThrow(Malformed);
    expect(await record(id)).toEqual(before);
    await Nodes.disable(ctx, { id });
    for (const verb of [Nodes.deactivate, Nodes.drain, Nodes.disable]) {
      await expect(verb(ctx, { id })).rejects.toThrow(Conflict);
    }
    expect((await record(id)).revision).toBe(before.revision + 1);
  });

  it("are refused for a node that is not there", async () => {
    for (const verb of [Nodes.activate, Nodes.deactivate, Nodes.drain, Nodes.disable]) {
      await expect(verb(ctx, { id: "nobody" })).rejects.toThrow(NotFound);
    }
    await expect(Nodes.update(ctx, { id: "nobody", name: "n" })).rejects.toThrow(NotFound);
    await expect(Nodes.status(ctx, { id: "nobody" })).rejects.toThrow(NotFound);
  });
});

describe("update", () => {
  it("changes what it names and nothing else, and takes away what is null", async () => {
    const id = await makeNode(ctx, { role: "edge", capacity: 5, labels: ["a"] });
    const before = await Nodes.get(ctx, { id });
    clock.advance(1000);
    const after = await Nodes.update(ctx, { id, name: "New", role: null, labels: ["b"], max_agents: 9 });
    expect(after).toEqual({
      ...before,
      name: "New",
      role: null,
      labels: ["b"],
      capacity: 9,
      max_agents: 9,
      max_connections: 9,
      revision: 2,
      updated_at: new Date(clock.now()).toISOString(),
    });
    expect(await Nodes.get(ctx, { id })).toEqual(after);
  });

  it("that changes nothing writes nothing", async () => {
    const id = await makeNode(ctx, { role: "edge" });
    const before = await record(id);
    clock.advance(1000);
    await Nodes.update(ctx, {
      id,
      role: "edge",
      status: "active",
      location: { x: before.lng!, y: before.lat! },
    });
    expect(await record(id)).toEqual(before);
  });

  it("N10: with a status runs the verb of that word, in the same write", async () => {
    const id = await makeNode(ctx);
    expect(await Nodes.update(ctx, { id, status: "draining", deadline_s: 5, name: "D" })).toMatchObject({
      name: "D",
      status: "draining",
      revision: 2,
      drain_deadline: new Date(clock.now() + 5000).toISOString(),
    });
    expect((await Nodes.update(ctx, { id, status: "draining", deadline_s: 99 })).revision).toBe(2);
    expect((await Nodes.update(ctx, { id, status: "inactive" })).status).toBe("inactive");
    expect((await Nodes.update(ctx, { id, status: "disabled" })).status).toBe("disabled");
    expect((await Nodes.update(ctx, { id, status: "active" })).status).toBe("active");
  });

  it("N9, N10: is refused whole when its status is illegal", async () => {
    const id = await makeNode(ctx, { auto_start: false });
    const before = await record(id);
    await expect(Nodes.update(ctx, { id, status: "draining", name: "D" })).rejects.toThrow(Conflict);
    expect(await record(id)).toEqual(before);
  });

  it.each(["healthy", "degraded", "unhealthy", "discovered"])(
    "N11: refuses the status %s",
    async (status) => {
      const id = await makeNode(ctx);
      await expect(async () => Nodes.update(ctx, { id, status: status as "active" })).rejects.toThrow(
        Invalid,
      );
      expect((await record(id)).revision).toBe(1);
    },
  );

  it("H1: observes anew a node that is probed elsewhere now", async () => {
    const id = await makeNode(ctx);
    await Nodes.flip(ctx, { id, epoch: 1, health: "healthy", evidence: "200" });
    await Nodes.update(ctx, { id, endpoint: "http://elsewhere.example.com" });
    expect(await record(id)).toMatchObject({ health: "unknown", epoch: 2 });
    expect(await Nodes.flip(ctx, { id, epoch: 1, health: "unhealthy", evidence: "late" })).toBeNull();
    const [newest] = (await Nodes.transitions(ctx, { id })).transitions;
    expect(newest).toMatchObject({
      from: "healthy",
      to: "active",
      evidence: "It is probed at another address now",
    });
  });

  it("refuses a private endpoint", async () => {
    const id = await makeNode(ctx);
    await expect(Nodes.update(ctx, { id, endpoint: "http://192.168.1.1" })).rejects.toThrow(Invalid);
    expect((await record(id)).revision).toBe(1);
  });
});

describe("flip", () => {
  it("sets health once, however often it is told", async () => {
    const id = await makeNode(ctx);
    const told = { id, epoch: 1, health: "unhealthy" as const, evidence: "3 failures" };
    expect(await Nodes.flip(ctx, told)).toMatchObject({ health: "unhealthy", revision: 2 });
    expect(await Nodes.flip(ctx, told)).toBeNull();
    expect((await Nodes.status(ctx, { id })).status).toBe("unhealthy");
    expect(await Nodes.flip(ctx, { ...told, id: "nobody" })).toBeNull();
  });

  it("H10: does not touch a node that is not watched", async () => {
    const id = await makeNode(ctx, { auto_start: false });
    expect(await Nodes.flip(ctx, { id, epoch: 1, health: "healthy", evidence: "200" })).toBeNull();
  });

  it("is counted once when it is told many times at once", async () => {
    const id = await makeNode(ctx);
    const told = Array.from({ length: 5 }, () =>
      Nodes.flip(ctx, { id, epoch: 1, health: "healthy", evidence: "200" }),
    );
    const changed = (await Promise.all(told)).filter((after) => after !== null);
    expect(changed).toHaveLength(1);
    expect((await Nodes.transitions(ctx, { id })).transitions).toHaveLength(2);
  });
});

const { activate, deactivate, drain, disable } = Nodes;
const VERBS = { activate, deactivate, drain, disable };
type Word = keyof typeof VERBS;

/** The table of the SPEC once more, as plainly as it can be said. */
const AFTER: Readonly<Record<string, Partial<Record<Word, string>>>> = {
  inactive: { activate: "active", disable: "disabled" },
  active: { deactivate: "inactive", drain: "draining", disable: "disabled" },
  draining: { activate: "active", deactivate: "inactive", disable: "disabled" },
  disabled: { activate: "active" },
  discovered: { activate: "active", deactivate: "inactive", disable: "disabled" },
};

it("N3–N9, N12: any sequence of verbs ends where the table says, with a row for every step", async () => {
  const word = fc.constantFrom<Word>("activate", "deactivate", "drain", "disable");
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 8 }), async (words) => {
      const { id } = await Nodes.discoverNew(ctx, { endpoint: "http://model.example.com" });
      const states = ["discovered"];
      for (const verb of words) {
        const to = AFTER[states.at(-1)!]![verb];
        const end = await VERBS[verb](ctx, { id }).catch((error: unknown) => error);
        const refused = end instanceof Malformed || end instanceof Conflict;
        expect(refused).toBe(to === undefined);
        states.push(...(to === undefined ? [] : [to]));
      }
      const { transitions } = await Nodes.transitions(ctx, { id });
      expect(transitions.map(({ to }) => to).reverse()).toEqual(states);
      expect(transitions.map(({ from }) => from).reverse()).toEqual([null, ...states.slice(0, -1)]);
      expect((await record(id)).revision).toBe(states.length);
    }),
    { numRuns: Number(process.env.ARX_LIFECYCLE_RUNS ?? 12) },
  );
});
