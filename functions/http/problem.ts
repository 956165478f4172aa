import {
  DomainError,
  type ErrorKind,
  Invalid,
  LimitExceeded,
  MethodNotAllowed,
  Unavailable,
} from "../../core/errors.ts";
import type { Answer } from "./bind.ts";

const STATUS: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  stale: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  limit_exceeded: 429,
  bad_node: 502,
  unavailable: 503,
  node_timeout: 504,
};

/** Titles of the statuses that Arx answers with, as RFC 9110 names them. */
export const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export interface ProblemRequest {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
}

/** An error as a problem document (RFC 9457). What is no `DomainError` becomes a 500 that tells nothing but the request id. */
export function problem(error: unknown, request: ProblemRequest): Answer {
  const known = error instanceof DomainError ? error : undefined;
  const status = known ? statusOf(known, request.method) : 500;
  const detail = known?.message ?? "Something went wrong on our side.";
  const body = {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail,
    instance: request.path,
    request_id: request.requestId,
    error: detail,
    ...(known && (status === 400 || status === 422) ? { errors: known.issues } : {}),
    ...(known instanceof Unavailable && known.code ? { code: known.code } : {}),
    ...(known instanceof Unavailable ? known.extra : {}),
  };
  return {
    status,
    body,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(known instanceof LimitExceeded ? limitHeaders(known) : {}),
      ...(known instanceof MethodNotAllowed ? { allow: known.allowed.join(", ") } : {}),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  };
}

/** When to try again; and of a limit that is counted, how much it lets through and when it begins anew. */
function limitHeaders({ retryAfterS, allowance }: LimitExceeded): Record<string, string> {
  return {
    "retry-after": String(retryAfterS),
    ...(allowance
      ? {
          "ratelimit-limit": String(allowance.limit),
          "ratelimit-remaining": String(allowance.remaining),
          "ratelimit-reset": String(allowance.resetS),
          "ratelimit-policy": `${allowance.limit};w=${allowance.windowS}`,
        }
      : {}),
  };
}

// A query that does not fit is malformed; a body that can be read and does not fit is unprocessable.
function statusOf(error: DomainError, method: string): number {
  if (error instanceof Invalid && (method === "GET" || method === "DELETE")) return 400;
  return STATUS[error.kind];
}
