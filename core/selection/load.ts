const CPU_WEIGHT = 0.4;
const MEMORY_WEIGHT = 0.3;
const CONNECTIONS_WEIGHT = 0.3;

/** The parts of a load score, weighted: they add up to it. */
export interface LoadTerms {
  readonly cpu: number;
  readonly memory: number;
  readonly connections: number;
}

/** The load score, 0–1: 0.4·cpu + 0.3·memory + 0.3·connections/capacity, each clamped to 0–1; one not reported counts as 0. */
export function loadScore(load: {
  cpuUsage?: number | undefined;
  memoryUsage?: number | undefined;
  connections: number;
  capacity: number;
}): number {
  const { cpu, memory, connections } = loadTerms(
    share(load.cpuUsage),
    share(load.memoryUsage),
    load.connections / load.capacity,
  );
  return cpu + memory + connections;
}

/** The weighted terms from shares of 1; `connections` may exceed 1 (or be NaN, at no capacity and none used). */
export function loadTerms(cpu: number, memory: number, connections: number): LoadTerms {
  return {
    cpu: CPU_WEIGHT * clamp(cpu),
    memory: MEMORY_WEIGHT * clamp(memory),
    connections: CONNECTIONS_WEIGHT * clamp(connections),
  };
}

/** A percentage as a share of 1; one not reported is 0. */
export function share(percent: number | undefined): number {
  return percent === undefined ? 0 : clamp(percent / 100);
}

/**
 * How much of a resource one more share of the connections is taken to use: what the connections there were used, at
 * most all of it, so that what else the node was busy with stays as observed. All of it when there were none to judge by,
 * nothing when the node does not report it.
 */
export function slope(percent: number | undefined, observedUse: number): number {
  if (percent === undefined) return 0;
  return observedUse > 0 ? Math.min(1, share(percent) / observedUse) : 1;
}

/** What an estimate that is `use` (share of capacity) off adds to the load score, term by term, at the given slopes. */
export function steepness(cpuSlope: number, memorySlope: number): number {
  return CPU_WEIGHT * cpuSlope + MEMORY_WEIGHT * memorySlope + CONNECTIONS_WEIGHT;
}

/** To 0–1; what is not a number is 0. */
export function clamp(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}
