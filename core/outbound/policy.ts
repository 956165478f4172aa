/** Resolves a name to its addresses, in the order to try them; rejects when it has none. Literals are never asked for. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** What the outbound client may reach. */
export interface OutboundPolicy {
  /** The local run only: 127.0.0.0/8 and ::1 may be dialled too (still nothing else private, and never port 9001). */
  readonly allowLoopback: boolean;
  /** Connections open at once, idle ones included; default 500, half of a Lambda's file descriptors. */
  readonly maxSockets?: number;
  /** Takes the place of DNS, for tests. What it answers is checked like what DNS answers. */
  readonly lookup?: Lookup;
}
