import type { World } from "../../core/ctx.ts";
import { makeRequests } from "../../functions/http/requests.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { serviceKey } from "../world/index.ts";

export interface Served extends Gateway {
  /** A key that may read what is on record. */
  readonly key: string;
}

/** The function of requests behind HTTP, alone. */
export async function serveRequests(world: World): Promise<Served> {
  const key = await serviceKey(world, ["requests:read"]);
  const requests = makeRequests(() => world);
  const functions = Object.fromEntries(Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, requests]));
  return { ...(await startGateway({ port: 0, functions: () => functions as FunctionHandlers })), key };
}

/** Asks as whoever may. */
export function ask(gateway: Served, path: string, init: RequestInit = {}): Promise<Response> {
  const url = path.startsWith("http") ? path : `${gateway.origin}/admin/api/v1/requests${path}`;
  return fetch(url, { headers: { authorization: `Bearer ${gateway.key}` }, ...init });
}

/** Where the next page is, from the `Link` header. */
export function nextOf(answer: Response): string | undefined {
  return /<([^>]*)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
}
