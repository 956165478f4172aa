import type { World } from "../../core/ctx.ts";
import { makeAudit } from "../../functions/http/audit.ts";
import { makeAuth } from "../../functions/http/auth.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";

/** The functions of identities behind HTTP, alone. */
export function serveAuth(world: World): Promise<Gateway> {
  const auth = makeAuth(() => world);
  const audit = makeAudit(() => world);
  const others = Object.fromEntries(Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, auth]));
  return startGateway({ port: 0, functions: () => ({ ...others, audit }) as FunctionHandlers });
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** `METHOD /path`, with a credential, a body and further headers. */
export async function ask(
  gateway: Gateway,
  route: string,
  given: { token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Told> {
  const [method, path] = route.split(" ") as [string, string];
  const { token, body, headers } = given;
  const answer = await fetch(path.startsWith("http") ? path : gateway.origin + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") ?? "") && text !== "";
  return { status: answer.status, headers: answer.headers, text, body: isJson ? parsed(text) : undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the next page is, from the `Link` header. */
export function nextOf({ headers }: Told): string | undefined {
  return /<([^>]*)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
}
