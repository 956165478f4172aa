import { type ClientOptions, call } from "./call.ts";
import { ArxError } from "./error.ts";
import { ROUTES } from "./routes.ts";

/** Gets a ticket, and gives the address to open one socket with. @throws ArxError; the signal's reason */
export async function ticketAddress(client: ClientOptions, signal: AbortSignal): Promise<string> {
  return addressOf((await call(client, ROUTES.createTicket, {}, { signal })).value, client.baseUrl);
}

/** @throws ArxError `PROTOCOL` for an answer that is no ticket */
function addressOf(answer: unknown, baseUrl: string): string {
  const { url, ticket } = (answer ?? {}) as { readonly url?: unknown; readonly ticket?: unknown };
  if (typeof url !== "string" || typeof ticket !== "string" || !URL.canParse(url, baseUrl))
    throw new ArxError(0, { detail: "The server's answer is no ticket." }, { code: "PROTOCOL" });
  const address = new URL(url, baseUrl);
  address.searchParams.set("ticket", ticket);
  address.searchParams.set("subscribe", "manual");
  return address.href;
}

/** Whether it may be otherwise a little later, without anybody doing something about it. */
export function isPassing(error: unknown): error is ArxError {
  if (!(error instanceof ArxError)) return false;
  const { status, code } = error;
  if (status === 0) return code === "NETWORK" || code === "TIMEOUT";
  return [408, 409, 429].includes(status) || status >= 500;
}
