import type { EndpointId } from "../contract/index.ts";
import { type CallOptions, type ClientOptions, call } from "./call.ts";
import { ROUTES } from "./routes.ts";
import type { Client } from "./types.ts";

export type { CallOptions, ClientOptions } from "./call.ts";
export { ArxError, type Problem } from "./error.ts";
export type { Client, Entry, Input, Output } from "./types.ts";

type Input = Readonly<Record<string, unknown>>;

/**
 * A client of Arx with a method for each endpoint, typed by the endpoint list itself.
 *
 * Methods take one flat object and give the answer's body; `all` has the same for listings, entry by entry over all their pages.
 */
export function createClient(options: ClientOptions): Client {
  const routes: Readonly<Record<EndpointId, string>> = ROUTES;
  const ids = Object.keys(routes) as EndpointId[];
  const methods = ids.map((id) => [
    id,
    async (input?: Input, given?: CallOptions) => (await call(options, routes[id], input, given)).value,
  ]);
  const all = ids.map((id) => [
    id,
    (input?: Input, given?: CallOptions) => walk(options, routes[id], input, given),
  ]);
  return { ...Object.fromEntries(methods), all: Object.fromEntries(all) } as Client;
}

async function* walk(
  options: ClientOptions,
  route: string,
  input: Input = {},
  given: CallOptions = {},
): AsyncGenerator<unknown, void, void> {
  let cursor = input.cursor;
  do {
    const page = await call(options, route, { ...input, cursor }, given);
    if (Array.isArray(page.value)) yield* page.value;
    else yield page.value;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
