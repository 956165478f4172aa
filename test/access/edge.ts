import type { Context } from "aws-lambda";
import { ENDPOINTS, type Endpoint, type EndpointId, pathNames } from "../../contract/index.ts";
import type { World } from "../../core/ctx.ts";
import { httpFunctions, openFunctions } from "../../scripts/local/functions.ts";
import type { FunctionHandlers } from "../../scripts/local/gateway.ts";
import { httpEvent } from "../http/event.ts";

/** The flat input of an endpoint: what its path names, and its query or body. */
export type Input = Readonly<Record<string, unknown>>;

export interface Asking {
  /** As after `Bearer `; undefined for nobody. */
  readonly credential?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, in the place of the input's own body. */
  readonly rawBody?: string;
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Parsed when it is JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface HttpEdge {
  /** Calls an endpoint's own function, as API Gateway does. Each call comes from another address. */
  ask(id: EndpointId, input?: Input, asking?: Asking): Promise<Told>;
}

let address = 0;

/** Every function that answers HTTP, all over one world; what they would put on queues is dropped. */
export function openHttpEdge(world: World): HttpEdge {
  const dropped = { send: async () => {}, putOff: async () => {} };
  return httpEdgeOf(httpFunctions(openFunctions(() => world, { health: dropped, webhooks: dropped })));
}

export function httpEdgeOf(handlers: FunctionHandlers): HttpEdge {
  return {
    async ask(id, input = {}, { credential, headers, rawBody } = {}) {
      const endpoint: Endpoint = ENDPOINTS[id];
      const { path, body } = requestOf(endpoint, input);
      const event = httpEvent({
        method: endpoint.method,
        path,
        headers: {
          ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
          ...headers,
        },
        ...(rawBody === undefined && body === undefined ? {} : { body: rawBody ?? body! }),
      });
      event.requestContext.http.sourceIp = addressAt(address++);
      const lambda = { getRemainingTimeInMillis: () => 29_000 } as Context;
      const answer = await handlers[endpoint.domain](event, lambda);
      const told = answer.headers as Record<string, string>;
      const text = answer.body ?? "";
      return {
        status: answer.statusCode!,
        headers: told,
        text,
        body: isJson(told["content-type"]) && text !== "" ? JSON.parse(text) : undefined,
      };
    },
  };
}

function textOf(value: unknown): string {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isJson(type = ""): boolean {
  return /^application\/(?:[a-z]+\+)?json\b/.test(type);
}

/** Addresses of 2001:db8::/32, each in a /64 of its own, so that none is counted with another. */
function addressAt(n: number): string {
  return `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`;
}

/** Where the parts of an input go: the path, the query, the body. */
function requestOf(endpoint: Endpoint, input: Input): { path: string; body: string | undefined } {
  const named = new Set(pathNames(endpoint.path));
  const path = endpoint.path.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(textOf(input[name])),
  );
  const rest = Object.entries(input).filter(([name, value]) => !named.has(name) && value !== undefined);
  if (endpoint.method === "POST" || endpoint.method === "PUT")
    return { path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams();
  for (const [name, value] of rest) for (const one of [value].flat()) query.append(name, textOf(one));
  return { path: rest.length === 0 ? path : `${path}?${query}`, body: undefined };
}
