import type * as z from "zod/mini";
import type { ENDPOINTS, EndpointId } from "../contract/index.ts";
import type { CallOptions } from "./call.ts";

type Endpoints = typeof ENDPOINTS;

/** What an endpoint takes: one flat object of what its path, query or body name. */
export type Input<Id extends EndpointId> = z.input<Endpoints[Id]["input"]>;

/** What it answers with. */
export type Output<Id extends EndpointId> = z.output<Endpoints[Id]["output"]>;

/** An entry of a listing; a listing that is no array gives its pages whole. */
export type Entry<Id extends EndpointId> = Output<Id> extends readonly (infer One)[] ? One : Output<Id>;

// An endpoint whose every field is optional can be called with nothing.
type Arguments<Id extends EndpointId> =
  Record<string, never> extends Input<Id>
    ? [input?: Input<Id>, options?: CallOptions]
    : [input: Input<Id>, options?: CallOptions];

export type Methods = { readonly [Id in EndpointId]: (...given: Arguments<Id>) => Promise<Output<Id>> };

type CursorId = {
  [Id in EndpointId]: Input<Id> extends { cursor?: unknown }
    ? "cursor" extends keyof Input<Id>
      ? Id
      : never
    : never;
}[EndpointId];

/** The endpoints that answer page by page, each as what can be walked through. */
export type Listings = {
  readonly [Id in CursorId]: (...given: Arguments<Id>) => AsyncGenerator<Entry<Id>, void, void>;
};

/** `await arx.route({...})`, `for await (const node of arx.all.listNodes())`. */
export type Client = Methods & { readonly all: Listings };
