export * as Audit from "./audit.ts";
export type { Result } from "./items.ts";
export type { AuditView } from "./schema.ts";
