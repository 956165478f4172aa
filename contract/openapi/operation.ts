import type { Endpoint } from "../endpoint.ts";
import { exampleOf } from "./example.ts";
import { SHOWN } from "./examples.ts";
import { splitInput } from "./input.ts";
import type { JsonSchema, Media, Operation, Parameter, Reference, ResponseObject } from "./json.ts";
import { errorsOf, responseName } from "./problems.ts";
import { jsonSchemaOf } from "./schemas.ts";
import { tagOf } from "./words.ts";

const ref = (kind: string, name: string): Reference => ({ $ref: `#/components/${kind}/${name}` });

const SUCCESS: Readonly<Record<number, string>> = {
  200: "Done.",
  201: "Made.",
  204: "Done; there is nothing to tell.",
  207: "Done in part: `errors` says what was not.",
  503: "The store does not answer.",
};

/** An endpoint as an operation; schemas with a name go into `components`. */
export function operationOf(
  id: string,
  endpoint: Endpoint,
  components: Record<string, JsonSchema>,
): Operation {
  const input = jsonSchemaOf(endpoint.input, "input", components);
  const { parameters, body, takesIfMatch } = splitInput(endpoint, input);
  const takesInput = parameters.length > 0 || body !== undefined;
  const asked = example(endpoint, "input");
  return {
    operationId: id,
    tags: [tagOf(endpoint.path)],
    summary: endpoint.summary,
    ...(endpoint.description ? { description: endpoint.description } : {}),
    security: securityOf(endpoint),
    parameters: [
      ...parameters.map((one) => shown(one, asked)),
      ...(takesIfMatch ? [ref("parameters", "If-Match")] : []),
      ...(endpoint.creates ? [ref("parameters", "Idempotency-Key")] : []),
      ref("parameters", "X-Request-Id"),
    ],
    ...(body ? { requestBody: requestBody(id, endpoint, body, components) } : {}),
    responses: responses(endpoint, components, takesInput),
  };
}

/** Any of these; `bearer` names the kind of caller, or the scope of a service's key. With nothing, it is open to anyone. */
function securityOf({ who, stricter }: Endpoint): Operation["security"] {
  const callers = [...new Set([...who, ...(stricter?.who ?? [])])];
  return callers.map((caller) => (caller === "anyone" ? {} : { bearer: [caller] }));
}

function shown(parameter: Parameter, asked: unknown): Parameter {
  const value = (asked as Record<string, unknown> | undefined)?.[parameter.name];
  return value === undefined ? parameter : { ...parameter, example: value };
}

function requestBody(
  id: string,
  endpoint: Endpoint,
  schema: JsonSchema,
  components: Readonly<Record<string, JsonSchema>>,
): NonNullable<Operation["requestBody"]> {
  const value = example(endpoint, "input") ?? exampleOf(schema, components, new Set(SHOWN[id]));
  return {
    description: "One JSON object, at most 256 KiB. Fields that it does not know are ignored.",
    required: (schema.required?.length ?? 0) > 0 || schema.anyOf !== undefined,
    content: { "application/json": { schema, example: value } },
  };
}

function example(endpoint: Endpoint, which: "input" | "output"): unknown {
  return endpoint.example?.[which];
}

function responses(
  endpoint: Endpoint,
  components: Record<string, JsonSchema>,
  takesInput: boolean,
): Operation["responses"] {
  const answers = endpoint.status.map((status, nth): [number, ResponseObject] => [
    status,
    {
      description: SUCCESS[status] ?? "Done.",
      headers: headersOf(endpoint),
      ...(status === 204 ? {} : { content: contentOf(endpoint, components, nth === 0) }),
    },
  ]);
  const errors = errorsOf(endpoint, takesInput).map((status): [number, Reference] => [
    status,
    ref("responses", responseName(status)),
  ]);
  return Object.fromEntries<ResponseObject | Reference>([...answers, ...errors]);
}

function headersOf(endpoint: Endpoint): Record<string, Reference> {
  return {
    "X-Request-Id": ref("headers", "X-Request-Id"),
    ...(endpoint.paged ? { Link: ref("headers", "Link") } : {}),
    ...(endpoint.revised && endpoint.status[0] !== 204 ? { ETag: ref("headers", "ETag") } : {}),
  };
}

function contentOf(
  endpoint: Endpoint,
  components: Record<string, JsonSchema>,
  usual: boolean,
): Readonly<Record<string, Media>> {
  const schema = jsonSchemaOf(endpoint.output, "output", components);
  const type = endpoint.contentType?.split(";")[0] ?? "application/json";
  const shows = usual && type === "application/json";
  const value = example(endpoint, "output") ?? exampleOf(schema, components);
  const others = (usual ? (endpoint.alsoTypes ?? []) : []).map((other): [string, Media] => [
    other,
    { schema: { type: other.endsWith("+json") ? "object" : "string" } },
  ]);
  return { [type]: { schema, ...(shows ? { example: value } : {}) }, ...Object.fromEntries(others) };
}
