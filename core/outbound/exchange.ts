import { type Agent, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { TLSSocket } from "node:tls";
import { OutboundError } from "./errors.ts";
import { failureOf } from "./failure.ts";
import { aborted } from "./gate.ts";
import type { Target } from "./target.ts";

const MAX_HEADER_BYTES = 16 * 1024;
/** Interim answers (1xx) that are waited through; more is a flood. */
const MAX_INTERIM = 8;

/** Answers without a body whatever their headers say (RFC 9110, 6.4.1). */
const BODILESS = new Set([204, 304]);

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request as it goes on the wire. */
export interface Call {
  readonly target: Target;
  readonly method: Method;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

export interface Received {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** A kept connection that its other end had closed: nothing was answered, and the call may be made again. */
export const STALE = Symbol("stale");

/**
 * Sends one request over an agent's connection and reads its answer whole, within its caps of time (from now to the last byte)
 * and bytes. Whatever ends it early destroys the connection.
 *
 * @param leftMs what is left of the call's time, when it was begun before
 * @param ends holds, while the call is under way, the function that ends it with an error
 * @throws OutboundError
 */
export function exchange(
  call: Call,
  agent: Agent,
  ends: Set<(error: OutboundError) => void>,
  leftMs = call.timeoutMs,
): Promise<Received | typeof STALE> {
  const { target, method, signal, maxBytes } = call;
  const { label } = target;
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let interim = 0;
    let answered = false;
    let over = false;
    let bytesBefore = 0;

    const send = target.secure ? requestHttps : requestHttp;
    const req = send({
      agent,
      method,
      host: target.host,
      port: target.port,
      path: target.path,
      headers: call.headers,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
    });
    const timer = setTimeout(
      () => end(new OutboundError("timeout", `${label} did not answer within ${call.timeoutMs} ms.`)),
      leftMs,
    );
    const onAbort = () => end(aborted());
    signal?.addEventListener("abort", onAbort);
    ends.add(end);

    function settle(): boolean {
      if (over) return false;
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      ends.delete(end);
      return true;
    }
    function end(error: OutboundError | typeof STALE): void {
      if (!settle()) return;
      req.destroy();
      if (error === STALE) resolve(STALE);
      else reject(error);
    }
    function fail(error: Error & { code?: string }): void {
      const socket = req.socket as TLSSocket | null;
      const untouched = socket === null || socket.bytesRead === bytesBefore;
      const handshaking = target.secure && !req.reusedSocket && socket?.authorized !== true;
      if (req.reusedSocket && untouched && /^(ECONNRESET|EPIPE)$/.test(error.code ?? "")) return end(STALE);
      // Over TLS the bytes of the handshake are counted too, so only a head that was read tells.
      end(failureOf(error, { label, handshaking, answered: answered || (!target.secure && !untouched) }));
    }
    function read(res: IncomingMessage): void {
      answered = true;
      const status = res.statusCode ?? 0;
      if (status < 200 || status > 599) {
        return end(
          new OutboundError(
            "protocol",
            `${label} answered with ${status}, which is not a final HTTP status.`,
          ),
        );
      }
      const hasBody = method !== "HEAD" && !BODILESS.has(status);
      if (hasBody && Number(res.headers["content-length"]) > maxBytes) return end(tooLarge());
      res.on("data", (chunk: Uint8Array) => {
        size += chunk.length;
        if (size > maxBytes) end(tooLarge());
        else chunks.push(chunk);
      });
      res.on("error", fail);
      res.on("end", () => {
        if (!res.complete) return fail(new Error("cut short"));
        if (!settle()) return;
        resolve({
          status,
          headers: headersOf(res.rawHeaders),
          body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
        });
      });
    }
    function tooLarge(): OutboundError {
      return new OutboundError("too_large", `${label} answered with more than ${maxBytes} bytes.`);
    }

    req.on("socket", (socket) => {
      bytesBefore = socket.bytesRead;
    });
    req.on("information", () => {
      interim += 1;
      if (interim > MAX_INTERIM)
        end(new OutboundError("protocol", `${label} sent interim answers without end.`));
    });
    req.on("upgrade", (_res, socket) => {
      socket.destroy();
      end(new OutboundError("protocol", `${label} switched to a protocol nobody asked for.`));
    });
    req.on("response", read);
    req.on("error", fail);
    // The last resort: whatever else may end a request, the caller hears of it.
    req.on("close", () => {
      if (!over) fail(new Error("closed"));
    });
    req.end(call.body);
  });
}

/** Header names in lower case; repeated ones joined by a comma. Without a prototype, so that no name is special. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[i + 1]! : `${before}, ${raw[i + 1]!}`;
  }
  return headers;
}
