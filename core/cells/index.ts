export * as Cells from "./cells.ts";
export type { Member, Source, Touch } from "./member.ts";
export type { Routable } from "./memory.ts";
export type { Near } from "./nearest.ts";
export type { CellObservation, CellState, FleetSigns, NodeObservation, SweepUnit } from "./state.ts";
