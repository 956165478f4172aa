export { etagOf } from "./etag.ts";
export {
  DESIRED_STATES,
  type DesiredState,
  HEALTHS,
  type Health,
  isWatched,
  STATUSES,
  type Status,
  statusOf,
} from "./lifecycle.ts";
export * as Nodes from "./nodes.ts";
export type { Flip } from "./operate.ts";
export { type NodeRecord, type Observation, type Origin, probeUrlOf, type TransitionRow } from "./record.ts";
export type { NodeStatusView, NodeSummary, NodeView } from "./view.ts";
