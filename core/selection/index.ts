export { STRATEGIES, type Strategy } from "./candidate.ts";
export * as Inflight from "./inflight.ts";
export * as Selection from "./selection.ts";
