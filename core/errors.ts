/** One offending field of a body, query or path, as the problem document lists it. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/**
 * An error in the words of the domain. `detail` is one sentence for the caller and never holds a secret; anything thrown that
 * is not a `DomainError` is a fault of ours, and only its request id goes on the wire.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  readonly issues: readonly Issue[];

  constructor(detail: string, issues: readonly Issue[] = []) {
    super(detail);
    this.issues = issues;
  }

  /** The kind, for logs: a class's own name does not survive a minified bundle. */
  override get name(): string {
    return this.kind;
  }
}

export type ErrorKind =
  | "malformed"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "stale"
  | "gone"
  | "too_large"
  | "unsupported_media"
  | "invalid"
  | "limit_exceeded"
  | "bad_node"
  | "unavailable"
  | "node_timeout";

/** 400: the request can't be read (broken JSON, a query that is no number, a cursor that was never ours). */
export class Malformed extends DomainError {
  readonly kind = "malformed";
}

/** 401: no credential, or one that is not valid. */
export class Unauthenticated extends DomainError {
  readonly kind = "unauthenticated";
}

/** 403: known, and not allowed. */
export class Forbidden extends DomainError {
  readonly kind = "forbidden";
}

/** 404: there is no such thing, or none that the caller may know of. */
export class NotFound extends DomainError {
  readonly kind = "not_found";
}

/** 405, with the methods that the path does answer. */
export class MethodNotAllowed extends DomainError {
  readonly kind = "method_not_allowed";
  readonly allowed: readonly string[];

  constructor(detail: string, allowed: readonly string[]) {
    super(detail);
    this.allowed = allowed;
  }
}

/** 409: the thing's present state forbids it. */
export class Conflict extends DomainError {
  readonly kind = "conflict";
}

/** 412: the caller's `If-Match` names a revision that is no longer the newest. */
export class Stale extends DomainError {
  readonly kind = "stale";
}

/** 410: it was there and is no more. */
export class Gone extends DomainError {
  readonly kind = "gone";
}

/** 413: the body passes the limit. */
export class TooLarge extends DomainError {
  readonly kind = "too_large";
}

/** 415: the body's content type is none that the endpoint reads. */
export class UnsupportedMedia extends DomainError {
  readonly kind = "unsupported_media";
}

/** 422: well-formed, and still not acceptable; `issues` name the fields. */
export class Invalid extends DomainError {
  readonly kind = "invalid";
}

/** What a limit lets through: `limit` in each window of `windowS` seconds, `remaining` of it for the next `resetS` seconds. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetS: number;
  readonly windowS: number;
}

/** 429: too many; try again after `retryAfterS` seconds. With its `allowance` where a limit is counted. */
export class LimitExceeded extends DomainError {
  readonly kind = "limit_exceeded";
  readonly retryAfterS: number;
  readonly allowance: Allowance | undefined;

  constructor(detail: string, retryAfterS: number, allowance?: Allowance) {
    super(detail);
    this.retryAfterS = retryAfterS;
    this.allowance = allowance;
  }
}

/** 502: a node answered, badly. */
export class BadNode extends DomainError {
  readonly kind = "bad_node";
}

/** Why nothing could be routed to, from "no node at all" to "every node is out of reach". */
export type UnavailableCode = "NO_NODES" | "NO_MATCH" | "ALL_FULL" | "ALL_UNHEALTHY" | "TOO_FAR";

/** 503: nothing to route to (with its `code`), or the store can't be reached (without). `extra` joins the problem document. */
export class Unavailable extends DomainError {
  readonly kind = "unavailable";
  readonly code: UnavailableCode | undefined;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(detail: string, code?: UnavailableCode, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.code = code;
    this.extra = extra;
  }
}

/** 504: every node that was tried ran out of time. */
export class NodeTimeout extends DomainError {
  readonly kind = "node_timeout";
}
