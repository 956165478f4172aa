import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { OutboundErrorKind } from "../../core/outbound/index.ts";
import { selfSigned } from "./self-signed.ts";

/** A running bad node on loopback. */
export interface BadServer {
  /** Without a trailing slash; every path misbehaves alike. */
  readonly origin: string;
  /** Connections taken so far. */
  readonly connections: number;
  /** Resolves once every connection taken so far is gone. */
  allGone(): Promise<void>;
  close(): Promise<void>;
}

/** A way for a node to be bad. */
export interface BadNode {
  readonly what: string;
  /** What one call to it must end as; "answered" for a whole answer that only its reader can judge. */
  readonly ends: OutboundErrorKind | "answered";
  start(): Promise<BadServer>;
}

type Misbehave = (socket: Socket) => void;

const MB = Buffer.alloc(1024 * 1024, "x");
const OK = "HTTP/1.1 200 OK\r\n";

/** Every bad node the suites know. */
export const badNodes: readonly BadNode[] = [
  // Slow or silent: only the time cap ends them.
  node("never answers", "timeout", () => {}),
  node("drips a body", "timeout", (s) => drip(s, `${OK}content-length: 10000\r\n\r\n`, "x")),
  node("drips chunks", "timeout", (s) => drip(s, `${OK}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n")),
  node("drips a body without length", "timeout", (s) => drip(s, `${OK}\r\n`, "x")),
  node("drips header bytes", "timeout", (s) => drip(s, `${OK}x-slow: `, "x")),
  node("drips a status line", "timeout", (s) => drip(s, "HTTP/1.1 200 ", "O")),
  node("sends blank lines without end", "timeout", (s) => flood(s, "", "\r\n".repeat(512))),
  node("sends a few interim answers, then nothing", "timeout", (s) =>
    s.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(3)),
  ),
  node("stops in the middle of its body", "timeout", (s) => s.write(`${OK}content-length: 10\r\n\r\nhalf`)),
  node("never finishes its TLS handshake", "timeout", () => {}, { scheme: "https" }),

  // Too much.
  node("announces 1 GB", "too_large", (s) => flood(s, `${OK}content-length: 1000000000\r\n\r\n`, MB)),
  node("sends 1 GB in chunks", "too_large", (s) =>
    flood(
      s,
      `${OK}transfer-encoding: chunked\r\n\r\n`,
      Buffer.concat([Buffer.from("100000\r\n"), MB, Buffer.from("\r\n")]),
    ),
  ),
  node("sends 1 GB as one chunk", "too_large", (s) =>
    flood(s, `${OK}transfer-encoding: chunked\r\n\r\n3b9aca00\r\n`, MB),
  ),
  node("sends 1 GB without length", "too_large", (s) => flood(s, `${OK}\r\n`, MB)),
  node("sends endless tiny chunks", "too_large", (s) =>
    flood(s, `${OK}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n".repeat(1000)),
  ),
  node("sends one endless header", "too_large", (s) => flood(s, `${OK}x-bomb: `, MB)),
  node("sends endless headers", "too_large", (s) => flood(s, OK, "x-bomb: boom\r\n".repeat(1000))),
  node("sends endless trailers", "too_large", (s) =>
    flood(s, `${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, "x-bomb: boom\r\n".repeat(1000)),
  ),
  node("sends an endless chunk extension", "too_large", (s) =>
    flood(s, `${OK}transfer-encoding: chunked\r\n\r\n1;`, "x".repeat(4096)),
  ),

  // Not HTTP, or not all of it.
  node("sends endless interim answers", "protocol", (s) =>
    flood(s, "", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
  ),
  node("switches protocols", "protocol", (s) =>
    s.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
  ),
  node("speaks SSH", "protocol", (s) => s.write("SSH-2.0-OpenSSH_9.6\r\n")),
  node("sends bytes of nothing", "protocol", (s) => s.write(Buffer.from([0, 1, 2, 3, 255, 254]))),
  node("has a word for a status", "protocol", (s) => s.write("HTTP/1.1 abc OK\r\n\r\n")),
  node("has two digits for a status", "protocol", (s) =>
    s.write("HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n"),
  ),
  node("has a status below 100", "protocol", (s) => s.write("HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n")),
  node("has a status above 599", "protocol", (s) =>
    s.write("HTTP/1.1 999 High\r\ncontent-length: 0\r\n\r\n"),
  ),
  node("has an unknown version", "protocol", (s) => s.write("HTTP/9.9 200 OK\r\ncontent-length: 0\r\n\r\n")),
  node("has a header without a colon", "protocol", (s) => s.write(`${OK}nonsense\r\n\r\n`)),
  node("has NUL in a header", "protocol", (s) => s.write(`${OK}x-nul: a\0b\r\ncontent-length: 0\r\n\r\n`)),
  node("has two lengths", "protocol", (s) =>
    s.write(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nhi!`),
  ),
  node("has a negative length", "protocol", (s) => s.write(`${OK}content-length: -1\r\n\r\n`)),
  node("has a length and chunks", "protocol", (s) =>
    s.write(`${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  ),
  node("sends garbage for chunks", "protocol", (s) =>
    s.write(`${OK}transfer-encoding: chunked\r\n\r\nzz\r\nhello`),
  ),
  node("sends a chunk longer than it said", "protocol", (s) =>
    s.write(`${OK}transfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n`),
  ),
  node("sends a chunk of absurd length", "protocol", (s) =>
    s.write(`${OK}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello`),
  ),
  node("sends 204 with a body", "protocol", (s) =>
    s.write("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello"),
  ),
  node("sends 304 with a body", "protocol", (s) => s.write("HTTP/1.1 304 Not Modified\r\n\r\nhello")),
  node("sends more than it said", "protocol", (s) => s.write(`${OK}content-length: 2\r\n\r\nhello`)),
  node("closes in the middle of its body", "protocol", (s) => s.end(`${OK}content-length: 10\r\n\r\nhalf`)),
  node("closes in the middle of a chunk", "protocol", (s) =>
    s.end(`${OK}transfer-encoding: chunked\r\n\r\na\r\nhalf`),
  ),
  node("closes before the last chunk", "protocol", (s) =>
    s.end(`${OK}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n`),
  ),
  node("closes in the middle of its headers", "protocol", (s) => s.end(`${OK}content-le`)),
  node("resets in the middle of its body", "protocol", (s) =>
    s.write(`${OK}content-length: 10\r\n\r\nhalf`, () => setTimeout(() => s.resetAndDestroy(), 50)),
  ),

  // Not there.
  node("resets at the request", "connect", (s) => s.resetAndDestroy()),
  node("closes at the request", "connect", (s) => s.end()),
  node("resets at the connection", "connect", (s) => s.resetAndDestroy(), { atOnce: true }),
  node("closes at the connection", "connect", (s) => s.end(), { atOnce: true }),
  { what: "is not listening", ends: "connect", start: startClosed },

  // No TLS to trust.
  node("has a certificate of its own making", "tls", healthy, { scheme: "https", certificate: {} }),
  node("has an expired certificate", "tls", healthy, {
    scheme: "https",
    certificate: { until: new Date("2021-01-01T00:00:00Z") },
  }),
  node("speaks plain HTTP on its TLS port", "tls", (s) => s.end("HTTP/1.1 400 Bad Request\r\n\r\n"), {
    scheme: "https",
  }),
  node("speaks nonsense on its TLS port", "tls", (s) => s.write("nonsense ".repeat(100)), {
    scheme: "https",
  }),
  node("closes in its TLS handshake", "tls", (s) => s.end(), { scheme: "https" }),
  node("resets in its TLS handshake", "tls", (s) => s.resetAndDestroy(), { scheme: "https" }),

  // Whole answers that only their reader can judge.
  node("fails fast", "answered", (s) =>
    s.write("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"),
  ),
  node("redirects", "answered", (s) =>
    s.write("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
  ),
  node("answers in text", "answered", (s) => s.write(json("fine, thank you"))),
  node("answers half a document", "answered", (s) => s.write(json('{"status":"heal'))),
  node("answers an array", "answered", (s) => s.write(json("[]"))),
  node("answers a deep document", "answered", (s) => s.write(json("[".repeat(20_000)))),
  node("answers bytes that are not UTF-8", "answered", (s) =>
    s.write(Buffer.concat([Buffer.from(`${OK}content-length: 2\r\n\r\n`), Buffer.from([0xff, 0xfe])])),
  ),
  node("answers nothing", "answered", (s) => s.write(json(""))),
  node("has NaN for its load", "answered", (s) =>
    s.write(json('{"status":"healthy","load":{"cpu_percent":NaN}}')),
  ),
  node("has an endless load", "answered", (s) =>
    s.write(json('{"status":"healthy","load":{"cpu_percent":1e999}}')),
  ),
  node("has a load below nothing", "answered", (s) =>
    s.write(json('{"status":"healthy","load":{"cpu_percent":-5,"active_connections":-1e300,"capacity":0}}')),
  ),
  node("has text for its load", "answered", (s) =>
    s.write(json('{"status":"healthy","load":{"cpu_percent":"12"}}')),
  ),
  node("has an unknown status", "answered", (s) => s.write(json('{"status":"splendid"}'))),
  node("compresses unasked", "answered", (s) =>
    s.write(`${OK}content-encoding: gzip\r\ncontent-length: 4\r\n\r\n\u001f\u0000\b\u0000`),
  ),
  node("names headers after an object's own", "answered", (s) =>
    s.write(`${OK}__proto__: bad\r\nconstructor: bad\r\ntoString: bad\r\ncontent-length: 0\r\n\r\n`),
  ),
];

interface Options {
  readonly scheme?: "http" | "https";
  /** Misbehaves at the connection, not at the request. */
  readonly atOnce?: boolean;
  readonly certificate?: Parameters<typeof selfSigned>[0];
}

function node(
  what: string,
  ends: BadNode["ends"],
  misbehave: (socket: Socket) => unknown,
  options: Options = {},
): BadNode {
  return { what, ends, start: () => startBad((socket) => void misbehave(socket), options) };
}

/** Starts a server that does `misbehave` with every request (or TLS hello) it gets. */
export async function startBad(misbehave: Misbehave, options: Options = {}): Promise<BadServer> {
  const { scheme = "http", atOnce = false, certificate } = options;
  const live = new Set<Socket>();
  let connections = 0;

  const serve = (socket: Socket) => {
    socket.on("error", () => {});
    if (atOnce) misbehave(socket.resume());
    else socket.on("data", () => misbehave(socket));
  };
  const server =
    certificate === undefined ? createServer(serve) : createTlsServer(selfSigned(certificate), serve);
  server.on("tlsClientError", () => {});
  server.on("connection", (socket: Socket) => {
    connections += 1;
    live.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => live.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  return {
    origin: `${scheme}://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    async allGone() {
      await Promise.all(
        [...live].map((socket) => new Promise<void>((gone) => socket.on("close", () => gone()))),
      );
    },
    async close() {
      for (const socket of live) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

async function startClosed(): Promise<BadServer> {
  const server = await startBad(() => {});
  await server.close();
  return { ...server, connections: 0, allGone: async () => {}, close: async () => {} };
}

function healthy(socket: Socket): void {
  socket.write(json('{"status":"healthy"}'));
}

function json(body: string): string {
  return `${OK}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** One piece every 20 ms, for as long as the other end stays. */
function drip(socket: Socket, head: string, piece: string): void {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once("close", () => clearInterval(timer));
}

/** 1 GB of the same piece, as fast as the other end takes it. */
function flood(socket: Socket, head: string, piece: string | Buffer): void {
  let left = 1_000_000_000;
  const pour = () => {
    while (left > 0 && !socket.destroyed) {
      left -= piece.length;
      if (!socket.write(piece)) {
        socket.once("drain", pour);
        return;
      }
    }
  };
  socket.write(head);
  pour();
}
