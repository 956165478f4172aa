import type { JsonSchema } from "./json.ts";
import { REF } from "./schemas.ts";
import { WORDS } from "./words.ts";

const NOW = "2026-01-01T12:00:00.000Z";
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": NOW,
  date: NOW.slice(0, 10),
  uuid: "0199a5c0-0000-7000-8000-000000000000",
  ipv4: "203.0.113.10",
  ipv6: "2001:db8::10",
  uri: "https://zurich-1.edge.example.com",
};

/**
 * A value that a schema allows, made of the words' own examples: the fields it requires, and of the others those in `also`.
 *
 * @param components what references stand for
 */
export function exampleOf(
  schema: JsonSchema,
  components: Readonly<Record<string, JsonSchema>>,
  also: ReadonlySet<string> = new Set(),
): unknown {
  if (schema.$ref) return exampleOf(components[schema.$ref.slice(REF.length)] ?? {}, components, also);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  const branch = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (branch) return exampleOf(branch, components, also);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return objectExample(schema, components, also);
    case "array":
      return [exampleOf(schema.items ?? {}, components, also)];
    case "string":
      return FORMATS[schema.format ?? ""] ?? "text";
    case "integer":
    case "number":
      return Math.max(0, schema.minimum ?? 0);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return {};
  }
}

function objectExample(
  schema: JsonSchema,
  components: Readonly<Record<string, JsonSchema>>,
  also: ReadonlySet<string>,
): Record<string, unknown> {
  const shown = Object.entries(schema.properties ?? {}).filter(
    ([name]) => schema.required?.includes(name) || also.has(name),
  );
  return Object.fromEntries(
    shown.map(([name, property]) => {
      const word = WORDS[name]?.example;
      return [
        name,
        word !== undefined && fits(word, property) ? word : exampleOf(property, components, also),
      ];
    }),
  );
}

/** Whether a word's example is of a field's type: `status` is a node's here and a service's there. */
function fits(value: unknown, schema: JsonSchema): boolean {
  if (schema.enum) return schema.enum.includes(value);
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.some((branch) => fits(value, branch));
  if (schema.$ref || schema.type === undefined) return type === "object";
  return [schema.type].flat().some((one) => one === type || (one === "integer" && Number.isInteger(value)));
}
