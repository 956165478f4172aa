import type { Health } from "../nodes/lifecycle.ts";
import type { Member } from "./member.ts";

/** What the last sweep saw of one node; packed into its cell. */
export interface NodeObservation {
  /** The activation it was made in; under another one it says nothing. */
  readonly epoch: number;
  readonly health: Health;
  /** Percentages 0–100, rounded to whole ones when packed; undefined where the node does not say. */
  readonly cpu_usage: number | undefined;
  readonly memory_usage: number | undefined;
  readonly active_connections: number;
  readonly active_agents: number;
  /** Failures in a row; 0 after a good probe. */
  readonly failures: number;
  /** Good probes in a row, counted up to 255; 0 after a failure. */
  readonly successes: number;
}

/** What the last sweep of a cell saw. */
export interface CellObservation {
  /** Counts writes of this item from 1. */
  readonly version: number;
  /** The sweep that was folded in last: the second it was due (Unix). An older or equal one is dropped. */
  readonly wave: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly nodes: ReadonlyMap<string, NodeObservation>;
}

/** One cell, whole. */
export interface CellState {
  /** Its prefix: bits of the geohash, then of the id's hash, as "0" and "1". */
  readonly cell: string;
  readonly rosterVersion: number;
  readonly members: readonly Member[];
  /** null until it is swept for the first time. */
  readonly observed: CellObservation | null;
}

/** Cells that one worker sweeps together: all of one directory, at most 64. */
export interface SweepUnit {
  readonly directory: string;
  readonly cells: readonly string[];
}

/** What all routers must know of the fleet; published in the root directory. */
export interface FleetSigns {
  /** Whether the fleet is protected (SPEC H9). */
  readonly protected: boolean;
  /** Routers that were alive in the last minute, at least 1. */
  readonly routers: number;
  /** Routes per second of all of them together. */
  readonly routes_per_s: number;
  /** How long a client stays on a node, in seconds; undefined while nothing was routed. */
  readonly session_s?: number | undefined;
}
