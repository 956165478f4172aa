/**
 * Why an outbound call gave no answer.
 *
 * `blocked` the address is not one the supervisor may dial · `bad_url` the target or the request cannot be sent ·
 * `dns` the name does not resolve · `connect` no connection, or it closed before any answer · `timeout` the time cap ·
 * `tls` no trusted encrypted connection · `too_large` the byte cap, of body or headers · `protocol` not valid HTTP, or an
 * answer cut short · `aborted` the caller's signal, or `close()`.
 */
export type OutboundErrorKind =
  | "blocked"
  | "bad_url"
  | "dns"
  | "connect"
  | "timeout"
  | "tls"
  | "too_large"
  | "protocol"
  | "aborted";

/** The only thing an outbound call rejects with. The message is one sentence that may be shown to a client and logged. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly kind: OutboundErrorKind;

  constructor(kind: OutboundErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
