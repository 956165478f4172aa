import type { Endpoint } from "./endpoint.ts";
import { ENDPOINTS } from "./index.ts";
import type { Components, Document, JsonSchema, Operation } from "./openapi/json.ts";
import { operationOf } from "./openapi/operation.ts";
import { problemResponses, problemSchema } from "./openapi/problems.ts";
import { TAGS } from "./openapi/words.ts";

export type { Document } from "./openapi/json.ts";

export interface DocumentOptions {
  /** `https://host`, as the reader reaches it. */
  readonly serverUrl: string;
  readonly version: string;
}

/** The contract as an OpenAPI 3.1 document, made of the schemas that validate the requests. */
export function openApiDocument({ serverUrl, version }: DocumentOptions): Document {
  const { paths, schemas } = (made ??= describe(ENDPOINTS));
  return {
    openapi: "3.1.1",
    info: {
      title: "Arx",
      version,
      summary:
        "A supervisor for fleets of edge nodes: it knows every node, watches it, and sends each client to the best one.",
      description: ABOUT,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: serverUrl }],
    tags: TAGS.map(({ name, description }) => ({ name, description })),
    paths,
    components: componentsOf(schemas),
  };
}

type Described = Pick<Document, "paths"> & { readonly schemas: Record<string, JsonSchema> };

/** The list never changes while a process lives, so its description is made once. */
let made: Described | undefined;

/** Endpoints by path and method, and the schemas they refer to. */
export function describe(endpoints: Readonly<Record<string, Endpoint>>): Described {
  const schemas: Record<string, JsonSchema> = { Problem: problemSchema };
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [id, endpoint] of Object.entries(endpoints)) {
    const path = (paths[endpoint.path] ??= {});
    path[endpoint.method.toLowerCase()] = operationOf(id, endpoint, schemas);
  }
  return { paths, schemas };
}

const ABOUT = `JSON in \`snake_case\`, times in UTC (ISO 8601, milliseconds), distances in kilometres, percentages 0–100.

A position is \`{"lat", "lng"}\` or \`{"x", "y"}\` with x = longitude and y = latitude, in degrees (WGS 84).

Lists are JSON arrays, newest first; the next page is in the \`Link\` header. Errors are problem documents (RFC 9457).

Answers may gain fields. Every answer carries \`X-Request-Id\`.`;

function componentsOf(schemas: Record<string, JsonSchema>): Components {
  return {
    schemas,
    parameters: {
      "X-Request-Id": {
        name: "X-Request-Id",
        in: "header",
        required: false,
        description: "An id of your own for this request; the answer and the logs bear it.",
        schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,128}$" },
      },
      "Idempotency-Key": {
        name: "Idempotency-Key",
        in: "header",
        required: false,
        description:
          "Sent again with the same key within 24 hours, the request gets its first answer, and makes nothing twice.",
        schema: { type: "string", minLength: 1, maxLength: 255 },
      },
      "If-Match": {
        name: "If-Match",
        in: "header",
        required: false,
        description:
          "The `ETag` of the revision you mean. Is there a newer one, the answer is 412 and nothing is changed.",
        schema: { type: "string" },
      },
    },
    headers: {
      "X-Request-Id": { description: "The id of this request.", schema: { type: "string" } },
      Link: {
        description: 'Where the next page is: `<…>; rel="next"`. The last page has none.',
        schema: { type: "string" },
      },
      ETag: { description: "The revision, for `If-Match`.", schema: { type: "string" } },
    },
    responses: problemResponses(),
    securitySchemes: {
      bearer: {
        type: "http",
        scheme: "bearer",
        description:
          "`Authorization: Bearer` and an access token of a user (`POST /api/v1/auth/login`), a service key `arx_key_…`, a node's own key " +
          "`arx_node_…`, or a join token `arx_join_…`; each operation says which of them it takes.",
      },
    },
  };
}
