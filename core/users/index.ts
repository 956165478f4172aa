export type { Role } from "./record.ts";
export type { GrantView, UserView } from "./schema.ts";
export { Sessions, type SessionView } from "./sessions/index.ts";
export * as Users from "./users.ts";
