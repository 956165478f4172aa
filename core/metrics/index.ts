export * as Metrics from "./metrics.ts";
