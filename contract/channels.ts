import type { Who } from "./endpoint.ts";

/** A channel of the WebSocket API as data, as endpoints are: who may open it, and by that send its messages. */
export interface Channel {
  readonly who: Who;
  readonly actions: readonly string[];
}

export const CHANNELS = {
  admin: { who: ["admin", "service:events:read"], actions: ["subscribe", "unsubscribe", "ping"] },
} as const satisfies Record<string, Channel>;
