export type { SessionView } from "./list.ts";
export type { SessionRecord } from "./record.ts";
export * as Sessions from "./sessions.ts";
