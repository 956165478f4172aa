export * as Limits from "./limits.ts";
export type { HereName, SharedName } from "./policy.ts";
