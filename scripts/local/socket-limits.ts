/** What a connection may do, in bytes and milliseconds. */
export interface SocketLimits {
  /** A message either way, in bytes of UTF-8 for text. */
  readonly maxMessageBytes: number;
  /** Without a message either way for so long it is closed. */
  readonly idleMs: number;
  /** However busy, it is closed after so long. */
  readonly lifetimeMs: number;
  /** What may wait for a peer that does not read; past it the peer is given up. */
  readonly maxBufferedBytes: number;
  /** How long the function may take for one event. */
  readonly timeoutMs: number;
  /** How long a peer has to end its side once a close was said by either. */
  readonly closeMs: number;
  /** How long `close` of all of them waits for what is under way. */
  readonly shutdownMs: number;
}

/** API Gateway's quotas, and for what it does not tell, what a local run should have. */
export const SOCKET_LIMITS: SocketLimits = {
  maxMessageBytes: 128 * 1024,
  idleMs: 10 * 60_000,
  lifetimeMs: 2 * 3_600_000,
  maxBufferedBytes: 1024 * 1024,
  timeoutMs: 29_000,
  closeMs: 2000,
  shutdownMs: 4500,
};
