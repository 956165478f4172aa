import { OutboundError } from "./errors.ts";

/** How far a call had come when it failed. */
export interface Progress {
  readonly label: string;
  /** https, and the handshake was not finished. */
  readonly handshaking: boolean;
  /** Bytes of an answer had been read. */
  readonly answered: boolean;
}

const TOO_LARGE = new Set(["HPE_HEADER_OVERFLOW", "HPE_CHUNK_EXTENSIONS_OVERFLOW"]);

/** What an error of Node's sockets, TLS or HTTP parser means to the caller. Its own message is never passed on. */
export function failureOf(
  error: Error & { code?: string; syscall?: string },
  progress: Progress,
): OutboundError {
  if (error instanceof OutboundError) return error;
  const { label } = progress;
  const code = error.code ?? "";
  if (TOO_LARGE.has(code))
    return new OutboundError("too_large", `${label} sent more header or framing bytes than are read.`);
  if (code.startsWith("HPE_"))
    return new OutboundError("protocol", `${label} did not answer in valid HTTP (${code}).`);
  if (error.syscall === "connect" || error instanceof AggregateError) {
    return new OutboundError(
      "connect",
      `No connection to ${label} could be made${code === "" ? "" : ` (${code})`}.`,
    );
  }
  if (progress.handshaking) {
    return new OutboundError(
      "tls",
      `No trusted TLS connection to ${label} could be made${code === "" ? "" : ` (${code})`}.`,
    );
  }
  if (progress.answered)
    return new OutboundError("protocol", `${label} closed the connection in the middle of its answer.`);
  return new OutboundError("connect", `${label} closed the connection before answering.`);
}
