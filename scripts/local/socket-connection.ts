import type { WebSocket } from "ws";
import type { Closure, Peer } from "./socket-event.ts";
import type { SocketLimits } from "./socket-limits.ts";

/** An open connection, and the end of it. */
export interface Connection {
  readonly peer: Peer;
  /** When it last carried a message, either way; milliseconds since the epoch. */
  readonly lastActiveAt: number;
  /** Resolves once it is over. */
  readonly closed: Promise<Closure>;
  /** Sends a text; false when it is gone, or given up now for a peer that does not read. */
  post(text: string): boolean;
  /** Says goodbye, and takes nothing more; false when it was closing already. */
  close(code: number, reason: string): boolean;
}

/** What API Gateway says for a peer that ended without a word. */
const UNSAID: Readonly<Record<number, string>> = {
  1005: "Client-side close frame status not set",
  1006: "Connection closed abnormally",
};

/** Codes that `ws` closes with when what came can't be read. */
const BROKEN: Readonly<Record<string, Closure>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: { code: 1009, reason: "Message too big" },
  WS_ERR_TOO_MANY_BUFFERED_PARTS: { code: 1008, reason: "Too many frames" },
  WS_ERR_INVALID_UTF8: { code: 1007, reason: "Text that is not UTF-8" },
};

/**
 * Keeps one connection within its limits and tells of its messages, until it ends.
 *
 * @param onMessage called for each, in the order in which they came; never after `close`
 */
export function keepConnection(
  socket: WebSocket,
  peer: Peer,
  limits: SocketLimits,
  onMessage: (message: Buffer, isBinary: boolean) => void,
): Connection {
  let lastActiveAt = Date.now();
  /** Set when it is this side that ends it. */
  let closure: Closure | undefined;

  const close = (code: number, reason: string): boolean => {
    if (socket.readyState !== socket.OPEN) return false;
    closure = { code, reason };
    socket.close(code, reason);
    return true;
  };
  const idle = setTimeout(() => close(1001, "Going away"), limits.idleMs);
  const old = setTimeout(() => close(1001, "Going away"), limits.lifetimeMs);
  const active = () => {
    lastActiveAt = Date.now();
    idle.refresh();
  };

  socket.on("message", (message, isBinary) => {
    // What a peer still sends after it was told goodbye is nothing any more.
    if (closure) return;
    active();
    onMessage(message as Buffer, isBinary);
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith("WS_ERR_")) return;
    closure ??= BROKEN[error.code] ?? { code: 1002, reason: "Protocol error" };
  });
  const closed = new Promise<Closure>((resolve) => {
    socket.once("close", (code, reason) => {
      clearTimeout(idle);
      clearTimeout(old);
      resolve(closure ?? { code, reason: reason.toString() || UNSAID[code] || "" });
    });
  });

  return {
    peer,
    get lastActiveAt() {
      return lastActiveAt;
    },
    closed,
    post(text) {
      if (socket.readyState !== socket.OPEN) return false;
      if (socket.bufferedAmount + Buffer.byteLength(text) > limits.maxBufferedBytes) {
        socket.terminate();
        return false;
      }
      active();
      socket.send(text);
      return true;
    },
    close,
  };
}
