import fc from "fast-check";
import type { JsonSchema } from "../../contract/openapi/json.ts";
import { REF } from "../../contract/openapi/schemas.ts";

export interface Sources {
  /** What references stand for. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /** URLs to draw from: nothing else is called. */
  readonly urls: readonly string[];
}

/** Values that a schema of the document allows, simple ones first. */
export function allowedBy(schema: JsonSchema, sources: Sources): fc.Arbitrary<unknown> {
  if (schema.$ref) return allowedBy(sources.components[schema.$ref.slice(REF.length)]!, sources);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...branches.map((branch) => allowedBy(branch, sources)));
  const types = [schema.type ?? "any"].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, sources)));
}

function ofType(type: string, schema: JsonSchema, sources: Sources): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer(boundsOf(schema));
    case "number":
      return fc.double({ ...boundsOf(schema), noNaN: true, noDefaultInfinity: true });
    case "string":
      return stringsOf(schema, sources);
    case "array":
      return fc.array(allowedBy(schema.items ?? {}, sources), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 4, 4)),
      });
    case "object":
      return objectsOf(schema, sources);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

/** Small numbers, unless the schema says otherwise: larger ones are among what no schema allows. */
function boundsOf({ minimum, maximum }: JsonSchema): { min: number; max: number } {
  const min = minimum ?? -1000;
  return { min, max: Math.max(min, maximum ?? 100_000) };
}

function stringsOf(schema: JsonSchema, { urls }: Sources): fc.Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength = 40 } = schema;
  if (format === "uri") return fc.constantFrom(...urls);
  if (format === "uuid") return fc.uuid({ version: 7 });
  if (format === "ipv4") return fc.ipV4();
  if (format === "ipv6") return fc.ipV6();
  if (format === "date") return times.map((at) => at.slice(0, 10));
  if (format === "date-time") return times;
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 200)), unit: "grapheme" });
}

/** Up to a year from now, either way. */
const YEAR_MS = 365 * 86_400_000;
const times = fc
  .integer({ min: -YEAR_MS, max: YEAR_MS })
  .map((from) => new Date(Date.now() + from).toISOString());

function objectsOf(schema: JsonSchema, sources: Sources): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const known = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, allowedBy(property, sources)]),
    ),
    { requiredKeys: required.filter((name) => name in properties), noNullPrototype: true },
  );
  if (additionalProperties === undefined || additionalProperties === false) return known;
  const more = additionalProperties === true ? {} : additionalProperties;
  const extra = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), allowedBy(more, sources), {
    maxKeys: 3,
    noNullPrototype: true,
  });
  return fc.tuple(extra, known).map(([added, whole]) => ({ ...added, ...(whole as object) }));
}

/** What hardly any schema allows: of every type, large, deep, and spelled to confuse. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom<unknown>(
    "",
    " ",
    "\u0000",
    "\ud800",
    "../../etc/passwd",
    "__proto__",
    "constructor",
    "%00",
    "NaN",
    "-0",
    "1e999",
    "9007199254740993",
    "2026-02-30",
    "2026-13-01T00:00:00Z",
    "+275760-09-13T00:00:00.001Z",
    "0000-01-01T00:00:00Z",
    "x".repeat(5000),
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MAX_SAFE_INTEGER + 2,
    5e-324,
    -0,
    [],
    {},
    [[[[[[]]]]]],
    { toString: 1, valueOf: 1 },
    { length: 1e9 },
    { $ne: null },
  ),
);
