import { ArxError, type Problem } from "./error.ts";
import { pauseBefore, sleep } from "./retry.ts";

export interface ClientOptions {
  /** `https://host`, with a path when Arx is behind one. */
  readonly baseUrl: string;
  /** An access token, a service key, a node's key or a join token. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
  /** For one attempt, from sending to the whole answer; default 30 000. */
  readonly timeoutMs?: number;
  /** Attempts after the first, of calls that may be repeated; default 3. */
  readonly retries?: number;
  /** Uniform in [0, 1); spreads the retries of many clients. */
  readonly random?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For calls that create: a repeat with the same key within a day gets the first answer. */
  readonly idempotencyKey?: string;
  readonly requestId?: string;
  readonly timeoutMs?: number;
}

export interface Received {
  readonly value: unknown;
  /** The cursor of the next page; undefined on the last. */
  readonly cursor: string | undefined;
}

type Input = Readonly<Record<string, unknown>>;

/**
 * Calls `route` (`METHOD /path/{name}`, and further statuses that are no errors) with a flat input: what the path names goes into it, `if_match` into its header, the rest into the
 * query (GET, DELETE) or the JSON body. What may be sent twice without harm is sent again, a few times, after 429, 503 or no answer.
 *
 * @throws ArxError; the signal's own reason when the caller aborted
 */
export async function call(
  client: ClientOptions,
  route: string,
  input: Input = {},
  options: CallOptions = {},
): Promise<Received> {
  const [method = "", template = "", ...fine] = route.split(" ");
  const request = requestOf(client, method, template, input, options);
  const repeatable = method !== "POST" || options.idempotencyKey !== undefined;
  const retries = repeatable ? (client.retries ?? 3) : 0;
  for (let tries = 0; ; tries++) {
    const outcome = await attempt(client, request, fine, options);
    if (!(outcome instanceof Failure)) return outcome;
    const pause = pauseBefore(tries, outcome, client.random ?? Math.random);
    if (tries >= retries || pause === null) throw outcome.error;
    await sleep(pause, options.signal);
  }
}

/** An attempt that failed, and what is needed to judge whether another is worth it. */
export class Failure {
  readonly error: ArxError;
  readonly retryAfter: string | null;

  constructor(error: ArxError, retryAfter: string | null) {
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

function requestOf(
  client: ClientOptions,
  method: string,
  template: string,
  input: Input,
  options: CallOptions,
): Request {
  const { if_match, ...rest } = input;
  const fields = new Map(Object.entries(rest).filter(([, value]) => value !== undefined));
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    return segment(name, value);
  });
  const headers = new Headers({ accept: "application/json" });
  if (client.token !== undefined) headers.set("authorization", `Bearer ${client.token}`);
  if (typeof if_match === "string") headers.set("if-match", if_match);
  if (options.idempotencyKey !== undefined) headers.set("idempotency-key", options.idempotencyKey);
  if (options.requestId !== undefined) headers.set("x-request-id", options.requestId);
  const url = new URL(client.baseUrl.replace(/\/+$/, "") + path);
  if (method === "GET" || method === "DELETE") {
    for (const [name, value] of fields)
      for (const one of [value].flat()) url.searchParams.append(name, String(one));
    return new Request(url, { method, headers });
  }
  headers.set("content-type", "application/json");
  return new Request(url, { method, headers, body: JSON.stringify(Object.fromEntries(fields)) });
}

function segment(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : "";
  // The URL parser takes these for steps, even percent-encoded.
  if (text === "" || text === "." || text === "..")
    throw new TypeError(`${name} must be a text, and not empty`);
  return encodeURIComponent(text);
}

async function attempt(
  client: ClientOptions,
  request: Request,
  fine: readonly string[],
  options: CallOptions,
): Promise<Received | Failure> {
  const { signal } = options;
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(options.timeoutMs ?? client.timeoutMs ?? 30_000);
  const send = client.fetch ?? fetch;
  try {
    const response = await send(request.clone(), {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    if (response.ok || (fine.includes(String(response.status)) && !isProblem(response)))
      return { value: valueOf(response, text), cursor: cursorOf(response, request.url) };
    return new Failure(
      new ArxError(response.status, problemOf(response, text)),
      response.headers.get("retry-after"),
    );
  } catch (cause) {
    signal?.throwIfAborted();
    const code = timeout.aborted ? "TIMEOUT" : "NETWORK";
    const detail = timeout.aborted ? "The server did not answer in time." : "The server can't be reached.";
    return new Failure(new ArxError(0, { detail }, { cause, code }), null);
  }
}

function valueOf(response: Response, text: string): unknown {
  if (text === "") return undefined;
  return isJson(response) ? JSON.parse(text) : text;
}

function problemOf(response: Response, text: string): Problem {
  const fallback = { title: response.statusText || `Status ${response.status}`, status: response.status };
  if (!isProblem(response)) return fallback;
  try {
    return { ...fallback, ...(JSON.parse(text) as Problem) };
  } catch {
    return fallback;
  }
}

function isProblem(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

function isJson(response: Response): boolean {
  return /\bjson\b/.test(response.headers.get("content-type") ?? "");
}

/** Of the link, only the cursor is taken: the token goes nowhere but to `baseUrl`. */
function cursorOf(response: Response, base: string): string | undefined {
  const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  return link === undefined ? undefined : (new URL(link, base).searchParams.get("cursor") ?? undefined);
}
