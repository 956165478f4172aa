import * as zod from "zod";
import { ENDPOINTS, type Endpoint, type EndpointId } from "../../contract/index.ts";
import { fieldsOf } from "../../contract/openapi/input.ts";
import type {
  JsonSchema,
  Operation,
  Parameter,
  Reference,
  ResponseObject,
} from "../../contract/openapi/json.ts";
import { openApiDocument } from "../../contract/openapi.ts";
import type { Told } from "../access/edge.ts";

const document = openApiDocument({ serverUrl: "https://api.example.com", version: "1" });
export const { schemas: components } = document.components;

/** A field that may be sent, and where. */
export interface Field {
  readonly name: string;
  readonly in: "path" | "query" | "body";
  readonly schema: JsonSchema;
  readonly required: boolean;
}

export interface Described {
  readonly id: EndpointId;
  readonly fields: readonly Field[];
  readonly takes: { readonly body: boolean; readonly ifMatch: boolean; readonly key: boolean };
  /** What is wrong with an answer by what the document says of it; null for nothing. */
  readonly misfit: (told: Told) => string | null;
}

/** Every operation of the document. */
export const operations: readonly Described[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => described(path, method, operation)),
);

function described(path: string, method: string, operation: Operation): Described {
  const id = operation.operationId as EndpointId;
  const endpoint: Endpoint = ENDPOINTS[id];
  if (endpoint.path !== path || endpoint.method.toLowerCase() !== method)
    throw new Error(`${id} is not at ${method} ${path}`);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const parameters = operation.parameters.filter((one): one is Parameter => !("$ref" in one));
  return {
    id,
    fields: [
      ...parameters.map(({ name, in: place, schema, required }) => ({
        name,
        in: place as "path" | "query",
        schema,
        required,
      })),
      ...[...(body ? fieldsOf(body) : [])].map(([name, field]) => ({ name, in: "body" as const, ...field })),
    ],
    takes: {
      body: body !== undefined,
      ifMatch: operation.parameters.some((one) => "$ref" in one && one.$ref.endsWith("/If-Match")),
      key: operation.parameters.some((one) => "$ref" in one && one.$ref.endsWith("/Idempotency-Key")),
    },
    misfit: misfitOf(operation),
  };
}

const readers = new Map<JsonSchema, zod.ZodType>();

/** A schema of the document as zod reads it back, its references made local. */
function readerOf(schema: JsonSchema): zod.ZodType {
  const made =
    readers.get(schema) ??
    zod.fromJSONSchema(
      JSON.parse(
        JSON.stringify({ ...schema, $defs: components }).replaceAll("#/components/schemas/", "#/$defs/"),
      ),
    );
  readers.set(schema, made);
  return made;
}

function resolve(given: ResponseObject | Reference): ResponseObject {
  return "$ref" in given ? document.components.responses[given.$ref.split("/").at(-1)!]! : given;
}

const NDJSON = "application/x-ndjson";

/** Each line is an entry of what would be an array. */
function misfitOfLines(text: string, whole: JsonSchema): string | null {
  const lines = text.split("\n").filter((line) => line !== "");
  const read = readerOf(whole).safeParse(lines.map((line) => JSON.parse(line) as unknown));
  return read.success ? null : `A line does not fit: ${zod.prettifyError(read.error)}`;
}

function misfitOf({ responses }: Operation): Described["misfit"] {
  return (told) => {
    const given = responses[String(told.status)];
    if (!given) return `${told.status} is not documented`;
    const { content, headers = {} } = resolve(given);
    if (!told.headers["x-request-id"]) return "X-Request-Id is missing";
    if (told.status < 300 && "ETag" in headers && !/^"\d+"$/.test(told.headers.etag ?? ""))
      return `ETag is ${told.headers.etag}`;
    const link = told.headers.link;
    if (link !== undefined && (!("Link" in headers) || !/^<https?:[^>]+>; rel="next"$/.test(link)))
      return `Link is ${link}`;
    if (!content) return told.text === "" ? null : "There is a body where none is documented";
    const type = told.headers["content-type"]?.split(";")[0] ?? "";
    const media = content[type];
    if (!media) return `${type} is not documented`;
    const read = readerOf(media.schema).safeParse(told.body === undefined ? told.text : told.body);
    if (!read.success) return `The body does not fit: ${zod.prettifyError(read.error)}`;
    if (type === NDJSON) return misfitOfLines(told.text, content["application/json"]!.schema);
    if (type !== "application/problem+json") return null;
    const { status, request_id } = told.body as { status: number; request_id: string };
    return status === told.status && request_id === told.headers["x-request-id"]
      ? null
      : "The problem tells another status or request than the answer";
  };
}
