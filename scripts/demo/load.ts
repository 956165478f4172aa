/** What a demo node's machine is doing, apart from the requests it serves just now; percentages 0–100. */
export interface Load {
  readonly cpu: number;
  readonly memory: number;
  /** Connections of others than the supervisor's clients. */
  readonly background: number;
}

/** One step of a random walk that is drawn back to a quiet machine, so that it wanders and never sticks at a bound. */
export function walk(load: Load, capacity: number, random: () => number): Load {
  const step = (value: number, home: number, stride: number, max: number) =>
    Math.min(max, Math.max(0, value + (home - value) * 0.05 + (random() - 0.5) * 2 * stride));
  return {
    cpu: step(load.cpu, 35, 6, 100),
    memory: step(load.memory, 45, 2, 100),
    background: step(load.background, capacity * 0.2, capacity * 0.04, capacity * 0.8),
  };
}

export function firstLoad(capacity: number, random: () => number): Load {
  return { cpu: 15 + random() * 45, memory: 25 + random() * 40, background: random() * capacity * 0.4 };
}

/**
 * Whether the node that fails now and then fails at `elapsedMs`: from 60 s on in each cycle, for long enough that it misses more checks
 * than it may, and then as long again with all well.
 */
export function isFailing(elapsedMs: number, intervalMs: number): boolean {
  const failsFor = intervalMs * 5;
  const wellFor = Math.max(60_000, failsFor);
  return elapsedMs % (wellFor + failsFor) >= wellFor;
}
