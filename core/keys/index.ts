export type { Identity } from "./authenticate.ts";
export * as Keys from "./keys.ts";
export type { Preset } from "./record.ts";
export type { JoinTokenView, KeyView, NodeKeyView } from "./schema.ts";
export { SCOPE_NAMES, SCOPES, type Scope } from "./scopes.ts";
