import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type ArxEvent, type Connection, type ConnectOptions, createClient } from "../../client/index.ts";
import { seeded } from "../../scripts/bench/herding/chance.ts";
import { EventServer, type Faults, type Sent } from "./connect-server.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 15);
const DROPS = Number(process.env.ARX_DROPS ?? 100);
const SEED = Number(process.env.ARX_SEED ?? 3);
const TYPES = ["route_request", "node_updated", "leader_changed"] as const;

let server: EventServer | undefined;
afterEach(() => server?.close());

function follow(to: EventServer, random: () => number, options: ConnectOptions = {}): Connection {
  const arx = createClient({ baseUrl: to.origin, token: to.key, random });
  return arx.connect({ backoffBaseMs: 2, backoffMaxMs: 8, pingEveryMs: 20, pongWithinMs: 200, ...options });
}

async function taken(from: Connection, count: number, slow?: () => Promise<void>): Promise<ArxEvent[]> {
  const items: ArxEvent[] = [];
  for await (const item of from) {
    items.push(item);
    if (from.cursor !== item.id && slow === undefined) throw new Error("The cursor is not at the item.");
    await slow?.();
    if (items.length === count) break;
  }
  return items;
}

/** All that can go wrong on the way, by chance, so that an attempt in two or so comes to live. */
function troubles(chance: () => number, log: () => readonly Sent[], drop: () => boolean): Faults {
  const some = <T>(odds: number, what: () => T) => (chance() < odds ? what() : undefined);
  return {
    ticket: () => some(0.1, () => (chance() < 0.5 ? 503 : 429)),
    upgrade: () => chance() < 0.1,
    // Of another subscription: older ones, the newest, or the answer to a ping.
    early: () => some(0.3, () => [log().slice(-3), { ...log()[0], type: "pong" }]) ?? [],
    mute: () => chance() < 0.05,
    again: (batch) => some(0.2, () => (chance() < 0.5 ? batch : log().slice(0, 5))) ?? [],
    drop,
  };
}

test(`over ${DROPS} broken connections no event is missing and none comes twice (ARX_DROPS, ARX_SEED)`, async () => {
  const chance = seeded(SEED);
  let drops = 0;
  const drop = () => drops < DROPS && chance() < 0.1 && ++drops > 0;
  const arx = await EventServer.open();
  server = arx;
  arx.append({ type: "node_created" });
  const since = arx.head;
  arx.append(...Array.from({ length: 20 }, () => ({ type: "node_updated" })));
  Object.assign(
    arx.faults,
    troubles(chance, () => arx.log, drop),
  );
  const connection = follow(arx, chance, { since });
  const all: string[] = [];
  for await (const { id } of connection) {
    all.push(id);
    // More comes while it is read, from whatever connection there is, until it broke often enough.
    if (drops < DROPS || all.length < 200)
      arx.append({ type: TYPES[all.length % 3]!, data: { at: all.length } });
    if (drops >= DROPS && all.length === arx.log.length - 1) break;
    if (arx.sockets > 0 && drops < DROPS && chance() < 0.02 && ++drops) arx.drop();
  }
  expect(all).toEqual(arx.log.slice(1).map(({ id }) => id));
  expect(drops).toBe(DROPS);
  expect(arx.opened.length).toBeGreaterThanOrEqual(DROPS);
  expect(arx.most).toBe(1);
  console.log(`${all.length} events over ${arx.opened.length} sockets, ${arx.tickets} tickets`);
}, 120_000);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constant("drop" as const) },
  { weight: 2, arbitrary: fc.constant("pause" as const) },
);

test(`whatever the history, what is given out is the log from the cursor on, filtered (${RUNS} histories; ARX_RUNS)`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer(),
        steps: fc.array(step, { minLength: 1, maxLength: 25 }),
        types: fc.option(fc.subarray([...TYPES], { minLength: 1 }), { nil: undefined }),
        queueLimit: fc.integer({ min: 1, max: 30 }),
        isSlow: fc.boolean(),
      }),
      async ({ seed, steps, types, queueLimit, isSlow }) => {
        const chance = seeded(seed);
        const arx = await EventServer.open();
        arx.append({ type: "node_created" }, { type: "node_created" });
        const since = arx.log[0]!.id;
        let drops = 10;
        const drop = () => chance() < 0.05 && drops-- > 0;
        Object.assign(
          arx.faults,
          troubles(chance, () => arx.log, drop),
        );
        const connection = follow(arx, chance, { since, types, queueLimit });
        const last = { type: types?.[0] ?? "node_updated", data: { last: true } };
        const items: ArxEvent[] = [];
        const reading = (async () => {
          for await (const item of connection) {
            items.push(item);
            if (isSlow) await turn();
            if ("last" in item.data) return;
          }
        })();
        for (const one of steps) {
          if (one === "drop") arx.drop();
          else if (one === "pause") await turn();
          else arx.append(...one.map((type) => ({ type })));
        }
        const [{ id } = { id: "" }] = arx.append(last);
        await reading;
        const wanted = arx.log
          .slice(1)
          .filter(({ type }) => types === undefined || types.includes(type as never));
        expect(items.map((item) => item.id)).toEqual(wanted.map((one) => one.id));
        expect(connection.cursor).toBe(id);
        expect(arx.most).toBe(1);
        expect(arx.sockets).toBe(0);
        await arx.close();
      },
    ),
    { numRuns: RUNS },
  );
}, 120_000);

test("a run that ended goes on in the next by its cursor, whatever was on the way", async () => {
  const arx = await EventServer.open();
  server = arx;
  const chance = seeded(SEED);
  let cursor: string | undefined = arx.head;
  arx.append(...Array.from({ length: 300 }, () => ({ type: "route_request" })));
  const all: ArxEvent[] = [];
  while (all.length < 300) {
    const connection: Connection = follow(arx, chance, { since: cursor });
    all.push(...(await taken(connection, Math.min(300 - all.length, 1 + Math.floor(chance() * 40)))));
    cursor = connection.cursor;
    expect(connection.state).toBe("closed");
  }
  expect(all.map(({ id }) => id)).toEqual(arx.log.map(({ id }) => id));
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
