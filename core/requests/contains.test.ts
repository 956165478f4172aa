import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, extentOf, type Json } from "./contains.ts";

// PostgreSQL 17, `select '…'::jsonb @> '…'::jsonb`: the manual's own examples (8.14.3), and what follows from its rules.
describe("containment", () => {
  it.each([
    ['{"a":1,"b":{"c":2}}', '{"a":1}', true],
    ['{"a":1}', "{}", true],
    ['{"a":1}', '{"a":1.0}', true],
    ['{"a":"1"}', '{"a":1}', false],
    ['{"a":null}', '{"a":null}', true],
    ["{}", '{"a":null}', false],
    ['{"product":"PostgreSQL","version":9.4,"jsonb":true}', '{"version":9.4}', true],
    ['{"foo":{"bar":"baz"}}', '{"bar":"baz"}', false],
    ['{"foo":{"bar":"baz"}}', '{"foo":{}}', true],
    ['{"foo":[1]}', '{"foo":{}}', false],
    ['{"foo":{}}', '{"foo":[]}', false],
    ['{"foo":[1,2,3]}', '{"foo":[3,1]}', true],
    ['{"foo":[1,2,3]}', '{"foo":[1,2,2]}', true],
    ['{"foo":[1,2,[1,3]]}', '{"foo":[1,3]}', false],
    ['{"foo":[1,2,[1,3]]}', '{"foo":[[1,3]]}', true],
    ['{"foo":[1,2,[1,3]]}', '{"foo":[[3]]}', true],
    ['{"foo":[{"a":1,"b":2},{"c":3}]}', '{"foo":[{"b":2}]}', true],
    ['{"foo":[{"a":1},{"b":2}]}', '{"foo":[{"a":1,"b":2}]}', false],
    // Only at the top may an array contain a bare scalar.
    ['{"foo":["bar"]}', '{"foo":"bar"}', false],
    ['["foo","bar"]', '"bar"', true],
    ['"bar"', '["bar"]', false],
    ['[{"a":1}]', '{"a":1}', false],
    ['{"toString":1}', '{"toString":1}', true],
    ["{}", '{"toString":{}}', false],
    ["{}", '{"__proto__":{}}', false],
    ["null", "{}", false],
  ])("%s @> %s is %s", (whole, part, expected) => {
    expect(contains(JSON.parse(whole), JSON.parse(part) as Json)).toBe(expected);
  });

  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

  it("is of everything in itself, and of nothing that differs in a leaf that it must have", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(contains(value, value)).toBe(true);
        expect(contains({ value, more: 1 }, { value })).toBe(true);
        expect(contains({ value }, { value, more: 1 })).toBe(false);
      }),
    );
  });

  it("is of whatever is left when keys and elements are taken away", () => {
    fc.assert(
      fc.property(json, fc.infiniteStream(fc.boolean()), (value, coin) => {
        expect(contains({ value }, { value: thinned(value, () => coin.next().value!) })).toBe(true);
      }),
    );
  });

  it("is what the rules say, spelled out the slow way", () => {
    const small = fc.jsonValue({ maxDepth: 3, depthSize: "small" }) as fc.Arbitrary<Json>;
    fc.assert(fc.property(small, small, (whole, part) => contains(whole, part) === byPaths(whole, part)));
    const few = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Json>(1, 2, "a", null),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("x", "y"), tie("json")),
      ),
    })).json;
    fc.assert(
      fc.property(few, few, (whole, part) => contains([whole], [part]) === byPaths([whole], [part])),
      { numRuns: 2000 },
    );
  });
});

it("extent is depth and number of values", () => {
  expect(extentOf(1)).toEqual({ depth: 0, values: 1 });
  expect(extentOf({})).toEqual({ depth: 1, values: 1 });
  expect(extentOf({ a: [1, { b: 2 }], c: null })).toEqual({ depth: 3, values: 6 });
});

/** The value with some keys of its objects and some elements of its arrays left out. */
function thinned(value: Json, keep: () => boolean): Json {
  if (Array.isArray(value)) return value.filter(keep).map((one: Json) => thinned(one, keep));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(keep)
      .map(([key, one]) => [key, thinned(one, keep)]),
  );
}

/** Containment as a search for a match of kinds: a model that shares no code with what it checks. */
function byPaths(whole: Json, part: Json, top = true): boolean {
  const kind = (value: Json) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
  if (top && kind(whole) === "array" && kind(part) !== "array" && kind(part) !== "object")
    return (whole as Json[]).includes(part);
  if (kind(whole) !== kind(part)) return false;
  if (kind(part) === "array") {
    let unmatched = 0;
    for (const wanted of part as Json[])
      if (!(whole as Json[]).some((one) => byPaths(one, wanted, false))) unmatched++;
    return unmatched === 0;
  }
  if (kind(part) === "object") {
    const held = new Map(Object.entries(whole as object) as [string, Json][]);
    for (const [key, wanted] of Object.entries(part as object) as [string, Json][])
      if (!held.has(key) || !byPaths(held.get(key)!, wanted, false)) return false;
    return true;
  }
  return whole === part;
}
