import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { World } from "../../core/ctx.ts";
import { LimitExceeded } from "../../core/errors.ts";
import { Limits } from "../../core/limits/index.ts";
import { LIMITS } from "../../core/limits/items.ts";
import { steadyClock } from "../nodes/factory.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

const GUESSES = Number(process.env.ARX_RUNS ?? 100);
const QUARTER_MS = 900_000;
// Begins now: what has a TTL in the past, the store may take away.
const clock = steadyClock(Date.now());
let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld({ now: clock.now });
});
afterAll(() => world.close());

let made = 0;
const someone = () => `someone-${++made}`;
const account = (key: string) => ({ name: "login_account", key }) as const;

async function passed(tries: readonly Promise<unknown>[]): Promise<number> {
  const ends = await Promise.allSettled(tries);
  const refused = ends.filter((end) => end.status === "rejected");
  for (const { reason } of refused) expect(reason).toBeInstanceOf(LimitExceeded);
  return ends.length - refused.length;
}

/** A world whose write units are counted. */
function metered(inner: World): { metered: World; units: () => number; calls: () => number } {
  let units = 0;
  let calls = 0;
  const send = async (command: { input: object }) => {
    calls++;
    Object.assign(command.input, { ReturnConsumedCapacity: "TOTAL" });
    try {
      const answer = await inner.store.doc.send(command as never);
      units +=
        (answer as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity?.CapacityUnits ?? 0;
      return answer;
    } catch (error) {
      // A write whose condition does not hold costs what the item does: one unit for these.
      units++;
      throw error;
    }
  };
  const doc = { send } as unknown as World["store"]["doc"];
  return { metered: { ...inner, store: { ...inner.store, doc } }, units: () => units, calls: () => calls };
}

describe("a limit that all processes share", () => {
  it(`lets ten of ${GUESSES} guesses at one account through, at once and from many processes`, async () => {
    const take = account(someone());
    const guesses = Array.from({ length: GUESSES }, () => Limits.take(coldWorld(world), take));
    expect(await passed(guesses)).toBe(10);
    expect(await passed([Limits.take(world, take), Limits.take(coldWorld(world), take)])).toBe(0);
    clock.advance(QUARTER_MS);
    expect(await passed(Array.from({ length: GUESSES }, () => Limits.take(world, take)))).toBe(10);
  });

  it("says what is left, and when to come again", async () => {
    const take = { name: "ticket", key: someone() } as const;
    expect(await Limits.take(world, take)).toEqual({ limit: 60, remaining: 59, resetS: 60, windowS: 60 });
    clock.advance(30_500);
    expect(await Limits.take(world, { ...take, points: 59 })).toMatchObject({ remaining: 0, resetS: 30 });
    for (const one of [world, coldWorld(world), world]) {
      await expect(Limits.take(one, take)).rejects.toMatchObject({
        retryAfterS: 30,
        allowance: { limit: 60, remaining: 0, resetS: 30, windowS: 60 },
      });
    }
    clock.advance(29_500);
    expect(await Limits.take(world, take)).toMatchObject({ remaining: 59, resetS: 60 });
  });

  it("takes nothing when it refuses, nor of those after it", async () => {
    const address = { name: "login_address", key: someone() } as const;
    const victim = account(someone());
    await Limits.take(world, { ...address, points: 10 });
    for (let at = 0; at < 20; at++) {
      await expect(Limits.takeAll(coldWorld(world), [address, victim])).rejects.toThrow(LimitExceeded);
    }
    expect((await Limits.take(world, victim)).remaining).toBe(9);
    clock.advance(QUARTER_MS);
    expect((await Limits.takeAll(world, [address, victim])).remaining).toBe(9);
  });

  it("gives back what succeeded, here at once and elsewhere within five seconds", async () => {
    const take = account(someone());
    const other = coldWorld(world);
    await Limits.take(world, { ...take, points: 10 });
    for (const one of [world, other]) await expect(Limits.take(one, take)).rejects.toThrow(LimitExceeded);
    await Limits.giveBack(world, take);
    expect((await Limits.take(world, take)).remaining).toBe(0);
    await Limits.giveBack(world, take);
    clock.advance(5000);
    expect((await Limits.take(other, take)).remaining).toBe(0);
  });

  it("never gives back more than was taken, nor to a window that is over", async () => {
    const take = account(someone());
    await Limits.giveBack(world, take);
    await Limits.take(world, take);
    for (let at = 0; at < 3; at++) await Limits.giveBack(world, take);
    expect((await Limits.take(world, take)).remaining).toBe(9);
    clock.advance(QUARTER_MS);
    await Limits.giveBack(world, take);
    expect((await Limits.take(world, take)).remaining).toBe(9);
  });

  it("costs one write unit for a take, and none for whoever was just refused", async () => {
    const { metered: counted, units, calls } = metered(coldWorld(world));
    const take = account(someone());
    for (let at = 1; at <= 10; at++) {
      await Limits.take(counted, take);
      expect(units()).toBe(at);
    }
    for (let at = 0; at < 50; at++) await expect(Limits.take(counted, take)).rejects.toThrow(LimitExceeded);
    expect([units(), calls()]).toEqual([11, 11]);
    const stranger = metered(coldWorld(world));
    await expect(Limits.take(stranger.metered, take)).rejects.toThrow(LimitExceeded);
    expect(stranger.units()).toBe(1);
  });

  it("stores neither addresses nor emails, and lets the items go", async () => {
    const key = "canary@example.com";
    await Limits.take(world, account(key));
    const { Items = [] } = await world.store.doc.send(
      new ScanCommand({ TableName: world.store.table(LIMITS) }),
    );
    expect(JSON.stringify(Items)).not.toContain("canary");
    for (const { ends_at, expires_at } of Items) expect(expires_at * 1000).toBeGreaterThan(ends_at);
  });
});
