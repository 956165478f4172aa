import fc from "fast-check";
import { expect, test } from "vitest";
import { HEALTHS } from "../nodes/lifecycle.ts";
import { roundDegrees } from "../nodes/schema.ts";
import type { Member } from "./member.ts";
import { decodeObservations, encodeObservations, OBSERVATION_BYTES } from "./observation.ts";
import { decodeMembers, encodeMembers, sameMember } from "./roster.ts";
import type { NodeObservation } from "./state.ts";

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const degrees = (most: number) =>
  fc.double({ min: -most, max: most, noNaN: true }).map((given) => roundDegrees(given));
const words = fc.array(fc.string(), { maxLength: 4 });

const member: fc.Arbitrary<Member> = fc.record({
  id: fc.string({ minLength: 1 }),
  name: fc.string({ unit: "grapheme" }),
  lat: maybe(degrees(90)),
  lng: maybe(degrees(180)),
  endpoint: maybe(fc.webUrl()),
  probe_url: maybe(fc.webUrl()),
  role: maybe(fc.string()),
  region: maybe(fc.string()),
  provider: maybe(fc.string()),
  labels: words,
  services: words,
  service_radius_km: maybe(fc.double({ min: 0.001, max: 20_100, noNaN: true })),
  capacity: fc.integer({ min: 1, max: 1_000_000 }),
  draining: fc.boolean(),
  drain_deadline: maybe(fc.integer({ min: 0, max: 4e12 })),
  epoch: fc.nat(),
});

test("members come back as they were packed, to the last bit of their positions", () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 30 }), (members) => {
      expect(decodeMembers(encodeMembers(members))).toEqual(members);
    }),
    { numRuns: 300 },
  );
});

test("two members are the same when every field is, and only then", () => {
  fc.assert(
    fc.property(member, member, (a, b) => {
      expect(sameMember(a, structuredClone(a))).toBe(true);
      for (const field of Object.keys(a) as (keyof Member)[]) {
        const changed = { ...a, [field]: b[field] };
        expect(sameMember(a, changed)).toBe(JSON.stringify(a[field]) === JSON.stringify(b[field]));
      }
    }),
    { numRuns: 300 },
  );
});

const observation: fc.Arbitrary<NodeObservation> = fc.record({
  epoch: fc.integer({ min: 1, max: 1000 }),
  health: fc.constantFrom(...HEALTHS),
  cpu_usage: maybe(fc.double({ min: 0, max: 100, noNaN: true })),
  memory_usage: maybe(fc.double({ min: 0, max: 100, noNaN: true })),
  active_connections: fc.nat({ max: 1e9 }),
  active_agents: fc.nat({ max: 1e6 }),
  failures: fc.nat({ max: 1000 }),
  successes: fc.nat({ max: 1000 }),
});
const observations = fc.dictionary(fc.string({ minLength: 1 }), observation, { maxKeys: 30 });

test("observations come back to half a percent, counts up to what they have room for", () => {
  fc.assert(
    fc.property(observations, (given) => {
      const nodes = new Map(Object.entries(given));
      const packed = encodeObservations(nodes);
      expect(packed.length).toBe(nodes.size * OBSERVATION_BYTES);
      const read = decodeObservations(
        packed,
        [...nodes].map(([id, { epoch }]) => ({ id, epoch })),
      );
      expect(read.size).toBe(nodes.size);
      const half = (percent: number | undefined) =>
        percent === undefined ? undefined : Math.round(percent * 2) / 2;
      for (const [id, one] of nodes) {
        expect(read.get(id)).toEqual({
          ...one,
          cpu_usage: half(one.cpu_usage),
          memory_usage: half(one.memory_usage),
          active_connections: Math.min(one.active_connections, 0xff_ff_ff),
          active_agents: Math.min(one.active_agents, 0xff_ff),
          failures: Math.min(one.failures, 255),
          successes: Math.min(one.successes, 255),
        });
      }
    }),
    { numRuns: 300 },
  );
});

test("an observation of another activation, and one of another node, are not read", () => {
  const seen = {
    epoch: 3,
    health: "healthy",
    cpu_usage: 10,
    memory_usage: undefined,
    active_connections: 1,
    active_agents: 0,
    failures: 0,
    successes: 1,
  } as const;
  const packed = encodeObservations(new Map([["a", seen]]));
  const ask = (id: string, epoch: number) => decodeObservations(packed, [{ id, epoch }]).size;
  expect([ask("a", 3), ask("a", 4), ask("b", 3)]).toEqual([1, 0, 0]);
});

test("packings of two cells laid end to end are read like one", () => {
  fc.assert(
    fc.property(observations, observations, (a, b) => {
      const first = new Map(Object.entries(a).filter(([id]) => !(id in b)));
      const second = new Map(Object.entries(b));
      const packed = Buffer.concat([encodeObservations(first), encodeObservations(second)]);
      const ids = [...first, ...second].map(([id, { epoch }]) => ({ id, epoch }));
      expect(decodeObservations(packed, ids).size).toBe(first.size + second.size);
    }),
    { numRuns: 100 },
  );
});
