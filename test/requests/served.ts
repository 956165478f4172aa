import type { World } from "../../core/ctx.ts";
import { makeRequests } from "../../functions/http/requests.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";

export const KEY = "test-admin-key-0123456789";

/** The function of requests behind HTTP, alone. */
export function serveRequests(world: World): Promise<Gateway> {
  const requests = makeRequests(() => world);
  const functions = Object.fromEntries(Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, requests]));
  return startGateway({ port: 0, functions: () => functions as FunctionHandlers });
}

/** Asks as the admin. */
export function ask(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> {
  const url = path.startsWith("http") ? path : `${gateway.origin}/admin/api/v1/requests${path}`;
  return fetch(url, { headers: { authorization: `Bearer ${KEY}` }, ...init });
}

/** Where the next page is, from the `Link` header. */
export function nextOf(answer: Response): string | undefined {
  return /<([^>]*)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
}
