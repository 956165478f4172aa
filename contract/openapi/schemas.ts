import * as z from "zod/mini";
import { endpointUrl, probeUrl, websocketUrl } from "../../core/nodes/fields.ts";
import { nodeSummary, nodeView } from "../../core/nodes/view.ts";
import { newPassword } from "../../core/users/schema.ts";
import { webhookUrl } from "../../core/webhooks/schema.ts";
import { webhookView } from "../../core/webhooks/view.ts";
import type { JsonSchema } from "./json.ts";
import { WORDS } from "./words.ts";

/** Answers that many endpoints give, by the name that the document has them under; and what else is known of a schema. */
const known = z.registry<{
  id?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  pattern?: undefined;
}>();
known.add(nodeView, { id: "Node" });
known.add(nodeSummary, { id: "NodeSummary" });
known.add(webhookView, { id: "Webhook" });
// Checked in code, which leaves nothing in the JSON Schema.
for (const url of [endpointUrl, probeUrl, websocketUrl, webhookUrl]) known.add(url, { format: "uri" });
// JSON Schema counts characters as we do; the pattern that does so here would need a flag, which it has not.
known.add(newPassword, { minLength: 8, maxLength: 128, pattern: undefined });

export const REF = "#/components/schemas/";

/**
 * The JSON Schema of what a caller sends ("input") or gets ("output"). Schemas with a name are referred to, and put into `components`.
 * Checks in code have no JSON Schema: what they refuse answers 422 and names the field.
 */
export function jsonSchemaOf(
  schema: z.core.$ZodType,
  io: "input" | "output",
  components: Record<string, JsonSchema>,
): JsonSchema {
  const { $defs = {}, ...made } = z.toJSONSchema(schema, {
    io,
    metadata: known,
    unrepresentable: "any",
  }) as JsonSchema;
  for (const [name, definition] of Object.entries($defs)) components[name] ??= tidy(definition);
  return tidy(made);
}

const SELF_EXPLAINING = new Set(["date-time", "date", "ipv4", "ipv6", "uuid"]);

/** The same schema in fewer words, with what its fields mean. */
function tidy(given: JsonSchema): JsonSchema {
  const {
    $schema: _,
    id: _id,
    propertyNames: _names,
    ...schema
  } = given as JsonSchema & Record<string, unknown>;
  // An answer may gain fields; a schema that forbids them would break clients made from it.
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.format && SELF_EXPLAINING.has(schema.format)) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.$ref) schema.$ref = schema.$ref.replace("#/$defs/", REF);
  if (schema.items) schema.items = tidy(schema.items);
  if (schema.prefixItems) schema.prefixItems = schema.prefixItems.map(tidy);
  if (typeof schema.additionalProperties === "object") {
    schema.additionalProperties = tidy(schema.additionalProperties);
  }
  if (schema.properties) schema.properties = described(schema.properties);
  for (const key of ["anyOf", "oneOf", "allOf"] as const) {
    const branches = schema[key];
    if (branches) schema[key] = branches.map(tidy).flatMap((one) => (isOnly(one, key) ? one[key]! : [one]));
  }
  return nullable(schema);
}

function described(properties: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const description = WORDS[name]?.description;
      return [name, { ...(description ? { description } : {}), ...tidy(property) }];
    }),
  );
}

function isOnly(schema: JsonSchema, key: "anyOf" | "oneOf" | "allOf"): boolean {
  return schema[key] !== undefined && Object.keys(schema).length === 1;
}

/** `anyOf: [{type: T}, {type: "null"}]` as `type: [T, "null"]`, which means the same; not with an enum, which null would fail. */
function nullable(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (anyOf?.length !== 2) return schema;
  const [one, nothing] = anyOf as [JsonSchema, JsonSchema];
  const foldable = typeof one.type === "string" && one.enum === undefined && one.const === undefined;
  return foldable && nothing.type === "null" && Object.keys(nothing).length === 1
    ? { ...rest, ...one, type: [one.type as string, "null"] }
    : schema;
}
