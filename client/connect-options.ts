import type { ConnectOptions, Socket } from "./connect-types.ts";

const MAX_SUBSCRIPTION_BYTES = 8000;
const MAX_TIMER_MS = 2 ** 31 - 1;

const DEFAULTS = {
  queueLimit: 1000,
  pingEveryMs: 240_000,
  pongWithinMs: 10_000,
  openWithinMs: 15_000,
  closeWithinMs: 5000,
  backoffBaseMs: 500,
  backoffMaxMs: 30_000,
  steadyMs: 30_000,
};

export type Settled = ConnectOptions & typeof DEFAULTS;

/** Options with what is left out of them. @throws RangeError for what can't be */
export function settled(options: ConnectOptions): Settled {
  const all = { ...DEFAULTS, ...options };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const least = name === "queueLimit" ? 1 : 0;
    if (!(all[name] >= least && all[name] <= MAX_TIMER_MS))
      throw new RangeError(`${name} must be from ${least} to ${MAX_TIMER_MS}`);
  }
  const { types, cells, since } = options;
  if (new TextEncoder().encode(JSON.stringify({ types, cells, since })).length > MAX_SUBSCRIPTION_BYTES)
    throw new RangeError(`types, cells and since must not exceed ${MAX_SUBSCRIPTION_BYTES} bytes`);
  return all;
}

/** @throws TypeError where there is none */
export function globalSocket(): new (url: string) => Socket {
  if (typeof WebSocket === "undefined")
    throw new TypeError("There is no global WebSocket here: give one as an option.");
  return WebSocket;
}
