export * as Routing from "./route.ts";
