import type { RequestStatus } from "../requests/index.ts";
import type { Fact } from "./fact.ts";
import { addBins, type Bins, binOf } from "./sketch.ts";

/** What requests are counted by, beside all together. */
export const DIMENSIONS = ["nodes", "clients", "errors", "cells"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const REQUEST_STATUSES = [
  "pending",
  "routed",
  "completed",
  "failed",
  "rejected",
] as const satisfies readonly RequestStatus[];

/** Counts of one key. All are whole numbers, so that the order of adding changes nothing. */
export interface Measures {
  requests: number;
  failed: number;
  rejected: number;
  /** Sent beyond `MAX_DISTANCE`. */
  far: number;
  /** Metres that those were sent, together. */
  farMetres: number;
  /** Sum of the unit vectors (in hundred-millionths) of where those sent far and those rejected are: cells alone have it. */
  x: number;
  y: number;
  z: number;
  /** Response times. */
  readonly bins: Bins;
}

/** What was counted in some stretch of time. */
export interface Cube {
  readonly statuses: Record<RequestStatus, number>;
  readonly total: Measures;
  readonly by: Readonly<Record<Dimension, Map<string, Measures>>>;
}

export function emptyMeasures(): Measures {
  return {
    requests: 0,
    failed: 0,
    rejected: 0,
    far: 0,
    farMetres: 0,
    x: 0,
    y: 0,
    z: 0,
    bins: new Map(),
  };
}

export function emptyCube(): Cube {
  return {
    statuses: { pending: 0, routed: 0, completed: 0, failed: 0, rejected: 0 },
    total: emptyMeasures(),
    by: { nodes: new Map(), clients: new Map(), errors: new Map(), cells: new Map() },
  };
}

export function addMeasures(to: Measures, from: Measures): void {
  to.requests += from.requests;
  to.failed += from.failed;
  to.rejected += from.rejected;
  to.far += from.far;
  to.farMetres += from.farMetres;
  to.x += from.x;
  to.y += from.y;
  to.z += from.z;
  addBins(to.bins, from.bins);
}

/** The measures of a key, made on first use. */
export function measuresOf(map: Map<string, Measures>, key: string): Measures {
  let found = map.get(key);
  if (!found) {
    found = emptyMeasures();
    map.set(key, found);
  }
  return found;
}

export function addTotals(to: Cube, from: Pick<Cube, "statuses" | "total">): void {
  for (const status of REQUEST_STATUSES) to.statuses[status] += from.statuses[status];
  addMeasures(to.total, from.total);
}

export function addDimension(to: Cube, dimension: Dimension, from: Iterable<readonly [string, Measures]>) {
  for (const [key, measures] of from) addMeasures(measuresOf(to.by[dimension], key), measures);
}

/** Adds a cube to another, in those dimensions that are asked for. */
export function addCube(to: Cube, from: Cube, dimensions: readonly Dimension[] = DIMENSIONS): void {
  addTotals(to, from);
  for (const dimension of dimensions) addDimension(to, dimension, from.by[dimension]);
}

/** Counts a request in. A node is also charged with the tries that failed on it, which have no response time. */
export function addFact(cube: Cube, fact: Fact): void {
  cube.statuses[fact.status]++;
  const { nodes, clients, errors, cells } = cube.by;
  const counted = [cube.total, measuresOf(clients, fact.client), measuresOf(cells, fact.cell)];
  if (fact.node !== undefined) counted.push(measuresOf(nodes, fact.node));
  if (fact.error !== undefined) counted.push(measuresOf(errors, fact.error));
  const bin = binOf(fact.responseMs);
  for (const one of counted) {
    one.requests++;
    if (fact.status === "failed") one.failed++;
    if (fact.status === "rejected") one.rejected++;
    if (fact.farMetres > 0) one.far++;
    one.farMetres += fact.farMetres;
    one.bins.set(bin, (one.bins.get(bin) ?? 0) + 1);
  }
  if (fact.farMetres > 0 || fact.status === "rejected") {
    const cell = measuresOf(cells, fact.cell);
    cell.x += fact.at[0];
    cell.y += fact.at[1];
    cell.z += fact.at[2];
  }
  for (const node of fact.failedOn) {
    const one = measuresOf(nodes, node);
    one.requests++;
    one.failed++;
  }
}
