export type { NodeChange } from "./follow.ts";
export type { SweepOrder, SweepQueue } from "./queue.ts";
export type { ReportSweeps, SweepReport } from "./report.ts";
export { sweepOrder } from "./schema.ts";
export * as Watching from "./watching.ts";
