import { expect, test } from "vitest";
import * as z from "zod/mini";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { splitInput } from "./input.ts";
import type { JsonSchema } from "./json.ts";

const splitOf = (method: Endpoint["method"], path: `/${string}`, input: z.core.$ZodType) =>
  splitInput(
    endpoint({
      method,
      path,
      domain: "nodes",
      who: ["admin"],
      summary: "",
      input,
      output: z.undefined(),
      status: [200],
    }),
    z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as JsonSchema,
  );
const places = ({ parameters }: ReturnType<typeof splitOf>) =>
  parameters.map((one) => `${one.in} ${one.name}${one.required ? "!" : ""}`);

const whole = z.object({
  id: z.string(),
  if_match: z.optional(z.string()),
  a: z.string(),
  b: z.optional(z.number()),
});

test("of a POST the path's names go into the path and the rest into the body", () => {
  const split = splitOf("POST", "/things/{id}", whole);
  expect(places(split)).toEqual(["path id!"]);
  expect(Object.keys(split.body?.properties ?? {})).toEqual(["a", "b"]);
  expect(split.body?.required).toEqual(["a"]);
  expect(split.takesIfMatch).toBe(true);
});

test("of a GET the rest goes into the query", () => {
  const split = splitOf("GET", "/things/{id}", whole);
  expect(places(split)).toEqual(["path id!", "query a!", "query b"]);
  expect(split.body).toBeUndefined();
});

test("nothing left is no body", () => {
  const split = splitOf(
    "POST",
    "/things/{id}",
    z.object({ id: z.string(), if_match: z.optional(z.string()) }),
  );
  expect(split.body).toBeUndefined();
});

test("a pipe is split by what goes into it", () => {
  const piped = z.pipe(
    whole,
    z.transform(({ a }) => a.length),
  );
  expect(Object.keys(splitOf("PUT", "/things/{id}", piped).body?.properties ?? {})).toEqual(["a", "b"]);
});

test("of a union each branch is split, and a query field is required where every branch requires it", () => {
  const either = z.union([
    z.object({ id: z.string(), a: z.string(), both: z.string() }),
    z.object({ id: z.string(), b: z.string(), both: z.string() }),
  ]);
  const body = splitOf("POST", "/things/{id}", either).body;
  expect(body?.anyOf?.map((branch) => branch.required)).toEqual([
    ["a", "both"],
    ["b", "both"],
  ]);
  expect(places(splitOf("GET", "/things/{id}", either))).toEqual([
    "path id!",
    "query a",
    "query both!",
    "query b",
  ]);
});
