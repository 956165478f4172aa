import { expect, it } from "vitest";
import { EVENT_TYPES } from "../events/index.ts";
import { parseOrThrow } from "../verb.ts";
import { subscribeInput, subscriptionOf } from "./schema.ts";

const parse = (asked: unknown) => parseOrThrow(subscribeInput, asked, "The subscription");

it("R2: what is asked for becomes one form: sorted, without repeats, null for everything", () => {
  expect(subscriptionOf({})).toEqual({ types: null, cells: null });
  expect(subscriptionOf({ types: [], cells: [] })).toEqual({ types: null, cells: null });
  expect(
    subscriptionOf({ types: ["node_updated", "node_created", "node_updated"], cells: ["u1", "u0"] }),
  ).toEqual({
    types: ["node_created", "node_updated"],
    cells: ["u0", "u1"],
  });
});

it.each([
  {},
  { types: [...EVENT_TYPES] },
  { cells: Array.from({ length: 64 }, () => "u0qj7xyz1") },
  { since: "0190d3a8-5b1e-7000-8000-000000000000" },
])("takes %j", (asked) => expect(parse(asked)).toEqual(asked));

it.each([
  [{ types: ["node_born"] }, ["types.0"]],
  [{ types: [null] }, ["types.0"]],
  [{ cells: ["u0", "ä", "uA", "il"] }, ["cells.1", "cells.2", "cells.3"]],
  [{ cells: Array.from({ length: 65 }, () => "u0") }, ["cells"]],
  [{ types: Array.from({ length: 65 }, () => "node_created") }, ["types"]],
  [{ since: "x".repeat(65) }, ["since"]],
  [{ sice: "x" }, ["sice"]],
])("refuses %j, naming what is wrong", (asked, paths) => {
  let issues: readonly { readonly path: string }[] = [];
  try {
    parse(asked);
  } catch (error) {
    ({ issues } = error as { issues: typeof issues });
  }
  expect(issues.map(({ path }) => path)).toEqual(paths);
});
