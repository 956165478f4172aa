import fc from "fast-check";
import { expect, test } from "vitest";
import { iso } from "../id.ts";
import { eventId } from "./id.ts";
import { packBody, unpackEntry } from "./pack.ts";
import { type Draft, EVENT_TYPES } from "./types.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 500);
const none = new Uint8Array();
/** Packed when the format was made. */
const KEPT = "AouOjjY007HUUSo1gGfHCiVMY8HKldINDJViYwE=";

const draft = fc.record(
  {
    type: fc.constantFrom(...EVENT_TYPES),
    at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    place: fc.stringMatching(/^[0-9b-hjkmnp-z]{1,9}$/),
    // `jsonValue` has no -0, which JSON has not either.
    data: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }), {
      noNullPrototype: true,
    }),
  },
  { requiredKeys: ["type", "at", "data"] },
);
const cells = fc.array(fc.stringMatching(/^[gn][01]{0,84}$/));

test("an entry is what was packed, with ids of its place: any JSON, any cells", () => {
  fc.assert(
    fc.property(fc.array(draft), cells, fc.nat(), (drafts, swept, seq) => {
      const at = 1_800_000_000_000;
      const entry = unpackEntry({ seq, at, sources: none, body: packBody(drafts, swept) });
      const facts = drafts.map((one: Draft, index) => ({
        ...one,
        id: eventId({ at, seq, index }),
        at: iso(one.at),
        data: JSON.parse(JSON.stringify(one.data)),
      }));
      expect(entry).toEqual({ seq, at, facts, swept });
      expect(entry.facts.map(({ id }) => id)).toEqual(entry.facts.map(({ id }) => id).toSorted());
    }),
    { numRuns: RUNS },
  );
});

test("keys that objects have by themselves, lone surrogates and deep values stay as they are", () => {
  const text = '{"__proto__":{"a":1},"constructor":2,"\\ud800":"\\udfff","":null,"deep":';
  const json = `${text}${"[".repeat(500)}1${"]".repeat(500)}}`;
  const data = JSON.parse(json) as Record<string, unknown>;
  const body = packBody([{ type: "device_moved", at: 5, data }], []);
  const { facts } = unpackEntry({ seq: 1, at: 1, sources: none, body });
  expect(JSON.stringify(facts[0]!.data)).toBe(JSON.stringify(data));
  expect(facts[0]!.place).toBeUndefined();
});

test("facts of one kind pack well: a hundred take less than a quarter of their JSON", () => {
  const drafts = Array.from({ length: 100 }, (_, n): Draft => {
    const data = { id: `node-${n}`, name: `Node ${n}`, status: "active", lat: n / 7, labels: ["a", "b"] };
    return { type: "node_updated", at: 1_800_000_000_000 + n, place: "u0qj1234b", data };
  });
  expect(packBody(drafts, []).length).toBeLessThan(JSON.stringify(drafts).length / 4);
});

test("a large entry comes back as a small one does, and a body that was never packed is an error", () => {
  const drafts = Array.from({ length: 300 }, (_, n): Draft => ({ type: "node_deleted", at: n, data: { n } }));
  const sizes = [1, 2, 50, 300].map((count) => {
    const body = packBody(drafts.slice(0, count), ["g01"]);
    const { facts, swept } = unpackEntry({ seq: 1, at: 1, sources: none, body });
    expect(facts.map(({ data }) => data)).toEqual(drafts.slice(0, count).map(({ data }) => data));
    expect(swept).toEqual(["g01"]);
    return body[0];
  });
  expect(new Set(sizes).size).toBe(2);
  for (const body of [
    none,
    Uint8Array.of(0, 1),
    Uint8Array.of(9),
    Uint8Array.of(1, 255),
    Uint8Array.of(2, 255),
  ]) {
    expect(() => unpackEntry({ seq: 1, at: 1, sources: none, body })).toThrow(Error);
  }
});

test("a body that was packed a while ago can be read: the format of entries that are kept", () => {
  const body = Buffer.from(KEPT, "base64");
  expect(unpackEntry({ seq: 7, at: 8, sources: none, body })).toEqual({
    seq: 7,
    at: 8,
    facts: [
      {
        type: "leader_changed",
        id: eventId({ at: 8, seq: 7, index: 0 }),
        at: iso(9),
        place: "u0",
        data: { id: "x", status: "routed" },
      },
    ],
    swept: ["g01"],
  });
});
