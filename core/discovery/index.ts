export * as Discovery from "./discovery.ts";
