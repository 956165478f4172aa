import type { EndpointId } from "../contract/index.ts";
import { type CallOptions, type ClientOptions, call } from "./call.ts";
import { connect } from "./connect.ts";
import type { Connection, ConnectOptions, EventType } from "./connect-types.ts";
import { ROUTES } from "./routes.ts";
import type { Client as Calls } from "./types.ts";

export type { CallOptions, ClientOptions } from "./call.ts";
export type {
  ArxEvent,
  Connection,
  ConnectOptions,
  EventData,
  EventType,
  SnapshotRequired,
  Socket,
  StateChange,
} from "./connect-types.ts";
export { ArxError, type Problem } from "./error.ts";
export type { Entry, Input, Output } from "./types.ts";

/** All endpoints as methods, and `connect`, which follows the events. */
export type Client = Calls & {
  /** @throws TypeError or RangeError for options that can't be */
  readonly connect: <T extends EventType = EventType>(options?: ConnectOptions<T>) => Connection<T>;
};

type Input = Readonly<Record<string, unknown>>;

/**
 * A client of Arx with a method for each endpoint, typed by the endpoint list itself.
 *
 * Methods take one flat object and give the answer's body; `all` has the same for listings, entry by entry over all their pages;
 * `connect` follows the events.
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
  return {
    ...Object.fromEntries(methods),
    all: Object.fromEntries(all),
    connect: (given?: ConnectOptions) => connect(options, given),
  } as Client;
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
