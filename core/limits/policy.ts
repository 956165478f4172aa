import type { Config } from "../config.ts";

export interface Policy {
  /** So much in one window. */
  readonly limit: number;
  /** Seconds, from the first one on. */
  readonly windowS: number;
}

const MINUTE_S = 60;
const QUARTER_S = 900;
const HOUR_S = 3600;

/**
 * Who may do what how often, counted by all processes together. What is counted for (an address, an account, an identity) is the caller's
 * to say; many people may be behind one address.
 */
export const SHARED = {
  /** Failed logins: one that succeeds is given back. */
  login_address: { limit: 10, windowS: QUARTER_S },
  login_account: { limit: 10, windowS: QUARTER_S },
  register_address: { limit: 20, windowS: HOUR_S },
  refresh_address: { limit: 300, windowS: QUARTER_S },
  refresh_session: { limit: 30, windowS: QUARTER_S },
  /** Per address or join token: a fleet may come up at once. */
  node_registration: { limit: 300, windowS: MINUTE_S },
  ticket: { limit: 60, windowS: MINUTE_S },
} as const satisfies Record<string, Policy>;

export type SharedName = keyof typeof SHARED;

/** What comes too often to be written down: counted by each process, in its share. For a service that asks for all of its own clients, more. */
export const HERE = {
  route_by_service: { limit: 60_000, windowS: MINUTE_S },
  forward: { limit: 600, windowS: MINUTE_S },
  forward_by_service: { limit: 30_000, windowS: MINUTE_S },
} as const satisfies Record<string, Policy>;

export type HereName = keyof typeof HERE | "route";

/** The policy of a name; how much is routed for one caller is a setting. */
export function herePolicy(config: Pick<Config, "ROUTE_LIMIT_PER_MINUTE">, name: HereName): Policy {
  return name === "route" ? { limit: config.ROUTE_LIMIT_PER_MINUTE, windowS: MINUTE_S } : HERE[name];
}
