import { type Endpoint, pathNames } from "../endpoint.ts";
import type { JsonSchema, Parameter } from "./json.ts";
import { WORDS } from "./words.ts";

/** What a request is made of. */
export interface Split {
  readonly parameters: readonly Parameter[];
  /** Undefined when nothing is left for a body. */
  readonly body: JsonSchema | undefined;
  readonly takesIfMatch: boolean;
}

/**
 * Splits an endpoint's flat input: what its path names goes into the path, `if_match` into a header, the rest into the query (GET, DELETE)
 * or the JSON body (POST, PUT).
 */
export function splitInput(endpoint: Endpoint, input: JsonSchema): Split {
  const fields = fieldsOf(input);
  const inPath = pathNames(endpoint.path);
  const rest = without(input, new Set([...inPath, "if_match"]));
  const left = fieldsOf(rest);
  const takesBody = endpoint.method === "POST" || endpoint.method === "PUT";
  return {
    parameters: [
      ...inPath.map((name) =>
        parameter(name, "path", fields.get(name) ?? { schema: { type: "string" }, required: true }),
      ),
      ...(takesBody ? [] : [...left].map(([name, field]) => parameter(name, "query", field))),
    ],
    body: takesBody && left.size > 0 ? rest : undefined,
    takesIfMatch: fields.has("if_match"),
  };
}

interface Field {
  readonly schema: JsonSchema;
  readonly required: boolean;
}

function parameter(name: string, place: "path" | "query", field: Field): Parameter {
  const { description, ...schema } = field.schema;
  const example = WORDS[name]?.example;
  return {
    name,
    in: place,
    required: place === "path" || field.required,
    ...(description ? { description } : {}),
    schema,
    ...(example === undefined ? {} : { example }),
  };
}

/** The fields of an object, or of whichever object a union allows: required where every branch requires them. */
export function fieldsOf(schema: JsonSchema): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.set(name, { schema: property, required: schema.required?.includes(name) ?? false });
  }
  for (const part of schema.allOf ?? []) for (const [name, field] of fieldsOf(part)) fields.set(name, field);
  const branches = (schema.anyOf ?? schema.oneOf ?? []).map(fieldsOf);
  for (const branch of branches) {
    for (const [name, field] of branch) {
      const everywhere = branches.every((other) => other.get(name)?.required);
      const held = fields.get(name);
      fields.set(name, { schema: held?.schema ?? field.schema, required: held?.required || everywhere });
    }
  }
  return fields;
}

function without(schema: JsonSchema, names: ReadonlySet<string>): JsonSchema {
  const next = { ...schema };
  if (schema.properties) {
    next.properties = Object.fromEntries(
      Object.entries(schema.properties).filter(([name]) => !names.has(name)),
    );
  }
  const required = schema.required?.filter((name) => !names.has(name));
  if (required?.length) next.required = required;
  else delete next.required;
  for (const key of ["anyOf", "oneOf", "allOf"] as const) {
    const branches = schema[key];
    if (branches) next[key] = branches.map((branch) => without(branch, names));
  }
  return next;
}
