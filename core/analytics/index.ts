export * as Analytics from "./analytics.ts";
