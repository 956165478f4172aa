import type { Endpoint } from "../endpoint.ts";
import type { JsonSchema, ResponseObject } from "./json.ts";

interface Kind {
  readonly title: string;
  /** When it is answered. */
  readonly when: string;
  /** A sentence as it may stand in `detail`. */
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly code?: string;
}

const UNFIT = [{ path: "limit", message: "Must be a whole number from 1 to 1000" }];

/** Every error that an endpoint may answer with. */
export const PROBLEMS: Readonly<Record<number, Kind>> = {
  400: {
    title: "Bad Request",
    when: "The request can't be read: broken JSON, or a query that does not fit.",
    detail: "The request is not valid: limit: Must be a whole number from 1 to 1000.",
    errors: UNFIT,
  },
  401: {
    title: "Unauthorized",
    when: "There is no credential, or one that is not valid.",
    detail: "The access token has expired.",
  },
  403: {
    title: "Forbidden",
    when: "The caller is known, and may not do this.",
    detail: "Your credential does not allow this; it needs an admin.",
  },
  404: { title: "Not Found", when: "There is no such thing.", detail: "There is no node zurich-1." },
  409: {
    title: "Conflict",
    when: "The present state forbids it; nothing was changed.",
    detail: "There is a node zurich-1 already.",
  },
  412: {
    title: "Precondition Failed",
    when: "`If-Match` names a revision that is not the newest; nothing was changed.",
    detail: "The node was changed since: it is at revision 4.",
  },
  413: {
    title: "Content Too Large",
    when: "The body is larger than 256 KiB.",
    detail: "The body is larger than 256 KiB.",
  },
  415: {
    title: "Unsupported Media Type",
    when: "The body is not sent as `application/json`.",
    detail: "The body must be sent as application/json.",
  },
  422: {
    title: "Unprocessable Content",
    when: "The body can be read and a field of it does not fit; `errors` names each.",
    detail: "The request is not valid: name: Must not be empty.",
    errors: [{ path: "name", message: "Must not be empty" }],
  },
  429: {
    title: "Too Many Requests",
    when: "There are too many requests; try again after `Retry-After` seconds.",
    detail: "There are too many requests; try again later.",
  },
  500: {
    title: "Internal Server Error",
    when: "A fault of Arx; the request id finds it in the logs.",
    detail: "Something went wrong on our side.",
  },
  502: {
    title: "Bad Gateway",
    when: "The node answered badly, or can't be reached.",
    detail: "https://zurich-1.edge.example.com can't be reached: the connection was refused.",
  },
  503: {
    title: "Service Unavailable",
    when: "Nothing qualifies (`code` says why), or the store can't be reached.",
    detail: "No node is within 10 km.",
    code: "TOO_FAR",
  },
  504: {
    title: "Gateway Timeout",
    when: "Every node that was tried ran out of time.",
    detail: "The node did not answer in 5000 ms.",
  },
};

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457, with what older clients read. */
export const problemSchema: JsonSchema = {
  type: "object",
  description: "What went wrong (RFC 9457).",
  required: ["type", "title", "status", "detail", "instance", "request_id", "error"],
  properties: {
    type: { type: "string", description: "`about:blank`: the status says the kind." },
    title: { type: "string", description: "The status in words." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "One sentence on this occurrence." },
    instance: { type: "string", description: "The path that was asked." },
    request_id: { type: "string", description: "The same as the `X-Request-Id` header." },
    error: { type: "string", description: "The same as `detail`." },
    errors: {
      type: "array",
      description: "For 400 and 422: each field that does not fit.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "string", description: "Dotted; empty for the request as a whole." },
          message: { type: "string" },
        },
      },
    },
    code: {
      type: "string",
      description: "For 503: why nothing could be routed to.",
      enum: ["NO_NODES", "NO_MATCH", "ALL_FULL", "ALL_UNHEALTHY", "TOO_FAR"],
    },
  },
};

/** The name of a status among the document's responses. */
export function responseName(status: number): string {
  return PROBLEMS[status]!.title.replaceAll(" ", "");
}

/** Every problem as a response to refer to. */
export function problemResponses(): Record<string, ResponseObject> {
  return Object.fromEntries(
    Object.keys(PROBLEMS).map((status) => [responseName(Number(status)), problemResponse(Number(status))]),
  );
}

const whole = (description: string) => ({ description, schema: { type: "integer" } as const });

/** With a limit that is counted come all of them, else the first alone. */
const LIMIT_HEADERS: NonNullable<ResponseObject["headers"]> = {
  "Retry-After": whole("Seconds to wait."),
  "RateLimit-Limit": whole("How many are let through in a window."),
  "RateLimit-Remaining": whole("How many of them are left."),
  "RateLimit-Reset": whole("Seconds until the next window."),
  "RateLimit-Policy": { description: "`limit;w=seconds of a window`", schema: { type: "string" } },
};

function problemResponse(status: number): ResponseObject {
  const { title, when, detail, errors, code } = PROBLEMS[status]!;
  const value = {
    type: "about:blank",
    title,
    status,
    detail,
    instance: "/api/v1/nodes",
    request_id: "0199a5c0-0000-7000-8000-000000000000",
    error: detail,
    ...(errors ? { errors } : {}),
    ...(code ? { code } : {}),
  };
  return {
    description: when,
    headers: {
      "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" },
      ...(status === 429 ? LIMIT_HEADERS : {}),
      ...(status === 401
        ? { "WWW-Authenticate": { description: "`Bearer`", schema: { type: "string" } } }
        : {}),
    },
    content: {
      [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" }, example: value },
    },
  };
}

/** Every error an endpoint may answer with: its own, and those that come with how it is called. */
export function errorsOf(endpoint: Endpoint, takesInput: boolean): number[] {
  const errors = new Set([401, 429, 500, 503, ...(endpoint.errors ?? [])]);
  const writes = endpoint.method === "POST" || endpoint.method === "PUT";
  if (endpoint.creates) errors.add(409);
  if (endpoint.stricter || !endpoint.who.includes("anyone")) errors.add(403);
  if (takesInput || writes) errors.add(400);
  if (writes) for (const status of [413, 415, 422]) errors.add(status);
  return [...errors].filter((status) => !endpoint.status.includes(status)).sort((a, b) => a - b);
}
