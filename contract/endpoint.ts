import type * as z from "zod/mini";
import type { Scope } from "../core/keys/scopes.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** One Lambda function each. */
export type Domain =
  | "routing"
  | "nodes"
  | "discovery"
  | "requests"
  | "analytics"
  | "realtime"
  | "webhooks"
  | "auth"
  | "audit"
  | "service";

/**
 * Kinds of callers: nobody in particular; a user who is logged in; an admin, who may do everything that is asked for somebody; a service
 * whose key has a scope; a node, for itself alone; a machine with a join token, about to become one.
 */
export type Caller = "anyone" | "user" | "admin" | "node" | "machine" | `service:${Scope}`;

/** Who may call: any of these. */
export type Who = readonly [Caller, ...Caller[]];

/**
 * An endpoint as data. Stacks make its route, handlers are bound to its id, the OpenAPI document and the typed client are made from it.
 *
 * `input` is one flat object: names in the path are taken from the path, the rest from the query (GET, DELETE) or the JSON body (POST,
 * PUT). It is the schema of the verb that answers, so a request is validated once, by the domain.
 */
export interface Endpoint<
  I extends z.core.$ZodType = z.core.$ZodType,
  O extends z.core.$ZodType = z.core.$ZodType,
> {
  readonly method: Method;
  /** With `{name}` for parameters. */
  readonly path: `/${string}`;
  readonly domain: Domain;
  readonly who: Who;
  /** The input that names the node, where a node may call: it must be its own. */
  readonly ownNode?: string;
  /** Who may call with an input that asks for more than the rest. */
  readonly stricter?: {
    readonly when: (input: Readonly<Record<string, unknown>>) => boolean;
    readonly who: Who;
  };
  /** A credential that is no good counts as none: who refreshes may still send the token that has expired. */
  readonly lenient?: boolean;
  /** Its answer holds a secret, once: sealed, where it is kept for an `Idempotency-Key`. */
  readonly secret?: boolean;
  /** A line for the OpenAPI page. */
  readonly summary: string;
  readonly description?: string;
  readonly input: I;
  /** What success answers with; `undefined` schema-less for 204. `status` lists every success, the usual one first. */
  readonly output: O;
  readonly status: readonly [number, ...number[]];
  /** Errors beyond those that every endpoint may answer (400, 413, 415, 422, 500, 503 where it takes input). */
  readonly errors?: readonly number[];
  /** Takes `Idempotency-Key`: a repeat within a day returns the first answer. */
  readonly creates?: boolean;
  /** Takes `If-Match` (as `if_match` of the input) and answers with an `ETag`. */
  readonly revised?: boolean;
  /** Answers newest first with `Link: rel="next"`. */
  readonly paged?: boolean;
  /** What else than JSON it answers. */
  readonly contentType?: string;
  /** Further types that it answers with when they are asked for, by its input or `Accept`. */
  readonly alsoTypes?: readonly string[];
  readonly example?: { readonly input?: unknown; readonly output?: unknown };
}

/** Keeps the schemas' types, so that handlers and the client are typed by the list itself. */
export function endpoint<I extends z.core.$ZodType, O extends z.core.$ZodType>(
  given: Endpoint<I, O>,
): Endpoint<I, O> {
  return given;
}

/** The names of a path's parameters, in order. */
export function pathNames(path: string): string[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]!);
}
