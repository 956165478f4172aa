export { openStore, type Store } from "./client.ts";
export * from "./items.ts";
export type { TableSpec } from "./tables.ts";
