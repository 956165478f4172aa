import { randomBytes } from "node:crypto";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Unavailable } from "../../core/errors.ts";
import { type Change, Events } from "../../core/events/index.ts";
import { EVENTS } from "../../core/events/items.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Fault, faulty } from "./faults.ts";
import { allAfter, expectOneSequence, forget, stored } from "./whole-log.ts";

vi.setConfig({ testTimeout: 120_000 });

const HOUR = 3_600_000;
// Far ahead: DynamoDB Local takes away what has expired.
const START = Date.parse("2040-03-01T12:34:56.000Z");

let world: TestWorld;
let now = START;
beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
});
// Every test begins with a log that is gone; writers that come are cold unless they are kept.
beforeEach(async () => {
  now += 100 * HOUR;
  await forget(world);
  world.memory.clear();
});
afterAll(() => world.close());

let made = 0;
/** A change of one fact, after all that were made before. */
function change(data: Record<string, unknown> = {}): Change {
  made++;
  return { sequence: BigInt(made), facts: [{ type: "node_updated", at: now, data: { n: made, ...data } }] };
}
const append = (given: TestWorld, shard: string, ...changes: Change[]) =>
  Events.append(given, { table: "nodes", shard }, changes);
const numbers = async () =>
  (await allAfter(world, 0)).flatMap(({ facts }) => facts.map(({ data }) => data.n));

describe("E1: the log's beginning", () => {
  test.each([2, 8, 24])(
    "of %i writers that find none, one begins it, and the others go on from there",
    async (count) => {
      for (let round = 0; round < 3; round++) {
        const changes = Array.from({ length: count }, () => change());
        const writers = changes.map((_, n) => ({ ...coldWorld(world), now: () => now + n * 7 }));
        await Promise.all(writers.map((one, n) => append(one, `s${n}`, changes[n]!)));
        // All come again.
        await Promise.all(writers.map((one, n) => append(coldWorld(one), `s${n}`, changes[n]!)));
        const entries = await allAfter(world, 0);
        expectOneSequence(entries);
        expect(entries).toHaveLength(count);
        expect(entries[0]!.seq).toBeGreaterThanOrEqual(now);
        expect(new Set(await numbers()).size).toBe(count);
        await forget(world);
        now += 3 * HOUR;
      }
    },
  );

  test("is at the millisecond, and what is before any log is before it", async () => {
    const before = await Events.head(world);
    await append(world, "s", change());
    expect(await Events.head(world)).toEqual({ seq: now, at: now });
    expect(Events.endOf(before) < Events.endOf(await Events.head(world))).toBe(true);
    expect(await Events.readAfter(world, before.seq, 10)).toHaveLength(1);
  });

  test("is put once, though its answer is lost, or it is sent again", async () => {
    for (const fault of ["unsent", "unanswered", "resent"] as const) {
      const one = change();
      let left = 1;
      const flaky = faulty(world, () => (left-- > 0 ? fault : undefined));
      const first = append(flaky, "s", one);
      if (fault === "resent") await first;
      else await expect(first).rejects.toBeInstanceOf(Unavailable);
      await append(world, "s", one);
      expect(await numbers()).toEqual([one.facts[0]!.data.n]);
      await forget(world);
      now += 3 * HOUR;
    }
  });
});

describe("E1: a log that was silent", () => {
  test("for a time shorter than an entry is kept goes on with the next number, whoever writes", async () => {
    await append(world, "s", change());
    const { seq } = await Events.head(world);
    for (const silence of [0.5, 0.99, 1, 1.2, 1.49]) {
      now += silence * HOUR;
      const [warm, other, cold] = [world, { ...coldWorld(world) }, coldWorld(world)];
      await Promise.all([warm, other, cold].map((one, n) => append(one, `s${n}-${silence}`, change())));
    }
    const entries = await allAfter(world, 0);
    expectOneSequence(entries);
    expect(entries).toHaveLength(16);
    expect(entries[0]!.seq).toBe(seq);
  });

  test("until all of it was gone goes on above all numbers it had, for warm writers as for cold ones", async () => {
    const warm = [world, coldWorld(world), coldWorld(world)];
    for (let n = 0; n < 9; n++) await append(warm[n % 3]!, `s${n % 3}`, change());
    const last = (await Events.head(world)).seq;
    await forget(world);
    now += 2.1 * HOUR;
    const began = now;
    // Each of the warm ones knows another entry for the last.
    await Promise.all([...warm, coldWorld(world)].map((one, n) => append(one, `s${n}`, change())));
    for (const one of warm) await append(one, "s", change());
    const entries = await allAfter(world, 0);
    expectOneSequence(entries);
    expect(entries).toHaveLength(7);
    expect(entries[0]!.seq).toBe(began);
    expect(last).toBeLessThan(began);
  });

  test("until all of it was gone is begun by no one who knows an end that is gone, though he was alone before", async () => {
    const alone = coldWorld(world);
    for (let n = 0; n < 3; n++) await append(alone, "alone", change());
    await append(coldWorld(world), "other", change());
    await forget(world);
    now += 2.1 * HOUR;
    await append(coldWorld(world), "cold", change());
    await append(alone, "alone", change());
    const entries = await allAfter(world, 0);
    expect(entries.map(({ seq }) => seq)).toEqual([now, now + 1]);
  });

  test("until its newest entries were gone and older ones were not gives no number twice", async () => {
    for (let n = 0; n < 6; n++) await append(world, "s", change());
    const { seq } = await Events.head(world);
    const ids = (await allAfter(world, 0)).flatMap(({ facts }) => facts.map(({ id }) => id));
    await forget(world, (one) => one > seq - 3);
    now += 2.1 * HOUR;
    await append(coldWorld(world), "s", change());
    const [entry, ...more] = await allAfter(world, seq);
    expect(entry!.seq).toBe(now);
    expect(more).toEqual([]);
    expect(ids.every((id) => id < entry!.facts[0]!.id)).toBe(true);
  });

  test("for an hour, at whose end two writers judge otherwise of it, has one sequence", async () => {
    for (const limit of [HOUR, 1.5 * HOUR]) {
      await append(world, "s", change());
      await append(world, "s", change());
      const early = coldWorld(world);
      await append(early, "early", change());
      const at = (await Events.head(world)).at;
      now = at + limit;
      const writers = [-2, -1, 0, 1, 2].map((ms, n) => ({
        ...(n === 0 ? early : coldWorld(world)),
        now: () => now + ms,
      }));
      for (let round = 0; round < 3; round++)
        await Promise.all(writers.map((one, n) => append(one, `at${n}`, change())));
      const all = await allAfter(world, 0);
      const hole = all.findIndex(({ seq }, n) => n > 0 && seq !== all[n - 1]!.seq + 1);
      // A log that began again is a sequence from there on, and none before it grew.
      const cut = hole === -1 ? 0 : hole;
      expectOneSequence(all.slice(0, cut));
      expectOneSequence(all.slice(cut));
      expect(cut === 0 ? all.length - 15 : cut).toBe(3);
      await forget(world);
      now += 3 * HOUR;
    }
  });
});

describe("E1: rivals", () => {
  test("that were first give way to: what others wrote is read, and the next number taken", async () => {
    const [one, other] = [coldWorld(world), coldWorld(world)];
    for (let n = 0; n < 20; n++) await append(n % 2 ? one : other, `s${n % 2}`, change());
    const entries = await allAfter(world, 0);
    expectOneSequence(entries);
    expect(entries).toHaveLength(20);
  });

  test("that always are first make it Unavailable, and nothing is lost by repeating", async () => {
    await append(world, "s", change());
    const { doc } = world.store;
    let puts = 0;
    const send = async (command: { constructor: { name: string } }) => {
      if (command.constructor.name !== "PutCommand") return doc.send(command as never);
      puts++;
      throw Object.assign(new Error("no"), { name: "ConditionalCheckFailedException" });
    };
    const crowded = {
      ...world,
      random: () => 0,
      store: { ...world.store, doc: { send } as unknown as typeof doc },
    };
    const next = change();
    await expect(append(crowded, "s", next)).rejects.toBeInstanceOf(Unavailable);
    expect(puts).toBe(60);
    expect(await append(world, "s", next)).toBe(1);
    expect(await append(world, "s", next)).toBe(0);
  });

  test("whose clocks are behind leave the log's time where it is", async () => {
    await append({ ...coldWorld(world), now: () => now + 20_000 }, "a", change());
    await append({ ...coldWorld(world), now: () => now - 20_000 }, "b", change());
    const entries = await allAfter(world, 0);
    expect(entries.map(({ at }) => at)).toEqual([now + 20_000, now + 20_000]);
  });
});

describe("E2: a shard", () => {
  test("is another one under the same name of another table", async () => {
    const one = change();
    for (const table of ["nodes", "cells", "requests"])
      await Events.append(world, { table, shard: "s" }, [one]);
    expect(await numbers()).toHaveLength(3);
  });

  test("that was silent is remembered for an hour, while others write", async () => {
    const old = change();
    await append(world, "old", old);
    for (let minutes = 0; minutes < 60; minutes += 20) {
      now += 20 * 60_000;
      await append(world, "busy", change());
      expect(await append(coldWorld(world), "old", old)).toBe(0);
    }
    now += 60_000;
    await append(world, "busy", change());
    expect(await append(world, "old", old)).toBe(1);
  });
});

describe("E4: what is more than an entry holds", () => {
  /** Text that does not pack: some 24 KB of it, as JSON. */
  const large = () => change({ text: randomBytes(12_000).toString("hex").slice(0, 24_000) });

  test("becomes several entries, in order, each of which DynamoDB takes", async () => {
    const changes = Array.from({ length: 100 }, large);
    const count = await append(world, "s", ...changes);
    const entries = await allAfter(world, 0);
    expect(entries).toHaveLength(count);
    expect(count).toBeGreaterThan(10);
    expectOneSequence(entries);
    expect(await numbers()).toEqual(changes.map(({ facts }) => facts[0]!.data.n));
    const data = entries.flatMap(({ facts }) => facts.map((fact) => fact.data));
    expect(data).toEqual(changes.map(({ facts }) => facts[0]!.data));
    expect(await append(coldWorld(world), "s", ...changes)).toBe(0);
  });

  test.each(["unsent", "unanswered"] as const)(
    "is not repeated after a crash between them: the third put is %s",
    async (fault) => {
      await append(world, "before", change());
      const changes = Array.from({ length: 40 }, large);
      let puts = 0;
      const flaky = faulty(coldWorld(world), (): Fault | undefined => (++puts === 3 ? fault : undefined));
      await expect(append(flaky, "s", ...changes)).rejects.toBeInstanceOf(Unavailable);
      expect(await allAfter(world, 0)).toHaveLength(fault === "unsent" ? 3 : 4);
      // By the same process, and by another, cut otherwise.
      await append(flaky, "s", ...changes.slice(0, 30));
      await append(coldWorld(world), "s", ...changes.slice(10));
      expect((await numbers()).slice(1)).toEqual(changes.map(({ facts }) => facts[0]!.data.n));
    },
  );

  test("a change alone is never split, however large it is", async () => {
    const facts = Array.from({ length: 15 }, () => large().facts[0]!);
    expect(await append(world, "s", { sequence: BigInt(++made), facts })).toBe(1);
    expect((await allAfter(world, 0))[0]!.facts).toHaveLength(15);
  });

  test("a thousand cells are one entry", async () => {
    const changes = Array.from({ length: 1000 }, (_, n): Change => {
      made++;
      return { sequence: BigInt(made), facts: [], swept: `g${(n % 800).toString(2).padStart(50, "0")}` };
    });
    expect(await append(world, "cells", ...changes)).toBe(1);
    expect((await allAfter(world, 0))[0]!.swept).toEqual([...new Set(changes.map(({ swept }) => swept))]);
  });
});

describe("what means nothing", () => {
  test("is not in the log, and waits for what does", async () => {
    const nothing = (): Change => ({ sequence: BigInt(++made), facts: [] });
    expect(await append(world, "s")).toBe(0);
    expect(await append(world, "s", nothing(), nothing())).toBe(0);
    expect(await allAfter(world, 0)).toEqual([]);
    expect(await append(world, "s", nothing(), change(), nothing())).toBe(1);
    const more = [nothing(), change()];
    expect(await append(world, "s", ...more)).toBe(1);
    expect(await append(world, "s", ...more)).toBe(0);
  });
});

describe("E9: entries", () => {
  test("are kept for more than the hour in which they can be asked for", async () => {
    await append(world, "s", change());
    const items = [];
    for await (const item of stored(world)) if (item.log === "log") items.push(item);
    expect(items).toHaveLength(1);
    const [entry] = items;
    expect(entry!.expires_at).toBeGreaterThanOrEqual(now / 1000 + Events.KEPT_S);
    expect(Events.seqOf(entry!.seq as string)).toBe(now);
    expect(Events.entryOfImage(entry)?.facts).toHaveLength(1);
    // As Lambda has it: binary in base64.
    const base64 = (given: unknown) => Buffer.from(given as Uint8Array).toString("base64");
    const image = { ...entry, body: base64(entry!.body), sources: base64(entry!.sources) };
    expect(Events.entryOfImage(image)).toEqual(Events.entryOfImage(entry));
    expect(Events.entryOfImage({ ...image, log: "another" })).toBeNull();
    expect(Events.entryOfImage(undefined)).toBeNull();
    const { Table } = await world.store.client.send(
      new DescribeTableCommand({ TableName: world.store.table(EVENTS) }),
    );
    expect(Table!.StreamSpecification).toMatchObject({ StreamEnabled: true });
  });

  test("are read in pages of any size, each once", async () => {
    for (let n = 0; n < 25; n++) await append(world, "s", change({ text: "x".repeat(n * 500) }));
    const whole = await allAfter(world, 0);
    expect(whole).toHaveLength(25);
    for (const page of [1, 3, 25, 1000]) expect(await allAfter(world, 0, page)).toEqual(whole);
    expect(await Events.readAfter(world, whole[9]!.seq, 2)).toEqual(whole.slice(10, 12));
    expect(await Events.readAfter(world, whole[24]!.seq, 2)).toEqual([]);
  });
});
