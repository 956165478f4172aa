import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** An HTTP answer in place of an upgrade. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whether a connection is let in, and the subprotocol that is agreed to, if any. */
export type Admission =
  | { readonly refused: Refusal }
  | { readonly refused?: never; readonly protocol?: string };

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the peer sent right behind its request. */
  readonly head: Buffer;
}

export interface Handshake {
  readonly maxMessageBytes: number;
  /** Milliseconds a peer has to end its side once a close was said by either. */
  readonly closeMs: number;
  /** Asked once, after the request was found to be a WebSocket's and before it is answered. */
  readonly admit: () => Promise<Admission>;
  /** What a request that is no WebSocket's gets. */
  readonly malformed: (why: string) => Refusal;
  /** Called with the open socket, before anything of it was read. */
  readonly open: (socket: WebSocket) => void;
}

/** Answers a request for an upgrade. @returns whether `open` was called: not for one that is refused, or whose peer has left. */
export function shakeHands({ request, socket, head }: Upgrade, shake: Handshake): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let agreed: string | undefined;
    let opened = false;
    // Not in the types yet, so not in the literal.
    const patience = { closeTimeout: shake.closeMs };
    // A server for each handshake, since what `ws` asks between check and answer it asks of a server.
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: shake.maxMessageBytes,
      ...patience,
      handleProtocols: () => agreed ?? false,
      verifyClient: (_, answer) => {
        shake
          .admit()
          .then((admission) => {
            if (admission.refused) refuse(socket, admission.refused);
            else {
              agreed = admission.protocol;
              answer(true);
            }
            resolve(opened);
          })
          .catch((error: unknown) => {
            socket.destroy();
            reject(error);
          });
      },
    });
    server.on("wsClientError", (error) => {
      refuse(socket, shake.malformed(`${error.message}.`));
      resolve(false);
    });
    server.handleUpgrade(request, socket, head, (ws) => {
      opened = true;
      shake.open(ws);
    });
  });
}

/** Answers with HTTP on the bare socket, and lets go of it. */
export function refuse(socket: Duplex, { status, headers, body }: Refusal): void {
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}`);
  socket.once("finish", () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", body].join("\r\n"));
}
