import type * as z from "zod/mini";
import type { Endpoint } from "../../contract/endpoint.ts";
import type { Ctx } from "../../core/ctx.ts";

/** What a handler gives back; `body` undefined for 204, a string is sent as it is. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a handler may look at beside its input. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** `https://host` as the caller sees it. */
  readonly origin: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly sourceIp: string;
}

export type Handle<E extends Endpoint> = (
  ctx: Ctx,
  input: z.input<E["input"]>,
  request: HttpRequest,
) => Promise<Answer>;

/** A handler for each endpoint of a group: one that is missing, or one that is not in the list, does not compile. */
export type Handles<Endpoints extends Readonly<Record<string, Endpoint>>> = {
  readonly [Id in keyof Endpoints]: Handle<Endpoints[Id]>;
};

export interface Bound {
  readonly endpoint: Endpoint;
  readonly handle: Handle<Endpoint>;
}

/** Joins endpoints with their handlers. */
export function bind<Endpoints extends Readonly<Record<string, Endpoint>>>(
  endpoints: Endpoints,
  handles: Handles<Endpoints>,
): Bound[] {
  return Object.entries(endpoints).map(([id, endpoint]) => ({
    endpoint,
    handle: handles[id] as Handle<Endpoint>,
  }));
}

export const ok = (body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  body,
  headers,
});
export const created = (body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 201,
  body,
  headers,
});
export const noContent = (): Answer => ({ status: 204 });
