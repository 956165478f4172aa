export type { Peers, Posted } from "./peers.ts";
export * as Realtime from "./realtime.ts";
