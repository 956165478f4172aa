/** What a wave counted so far, over all its units. */
export interface Tally {
  readonly wave: number;
  /** Nodes that were healthy or degraded, and not draining, when their unit was swept. */
  readonly pool: number;
  /** Of these, those whose probe failed. */
  readonly failing: number;
  readonly probed: number;
  /** Units that counted themselves in. */
  readonly units: number;
}

export interface Protection {
  /** Whether evictions are held back (SPEC H9). */
  readonly protected: boolean;
  /** Whether this is true of the whole fleet, whatever the rest of the wave brings. */
  readonly certain: boolean;
}

const SHARE = 0.5;
const LEAST_POOL = 10;

/** Whether more than half of a pool of at least ten fails. */
export function isAlarming(failing: number, pool: number): boolean {
  return pool >= LEAST_POOL && failing > SHARE * pool;
}

/**
 * Judges by what a wave counted up to now and by the whole wave before it.
 *
 * Invariant: one dead region never protects itself. While units are missing, failures count against the pool of the wave before, so that
 * the unit that happens to come first is not taken for the fleet. A fleet that dies at once is known to be dead one wave later at most,
 * before anything can reach a threshold of two or more.
 *
 * @param units how many units the wave has, when known
 */
export function judge(running: Tally, previous: Tally | null, units: number | undefined): Protection {
  if (units !== undefined && running.units >= units) {
    return { protected: isAlarming(running.failing, running.pool), certain: true };
  }
  if (isAlarming(running.failing, Math.max(running.pool, previous?.pool ?? 0)) && previous !== null) {
    return { protected: true, certain: true };
  }
  const before = previous !== null && isAlarming(previous.failing, previous.pool);
  // Without a wave before, doubt comes first: nothing is evicted on the word of a part.
  const alone = previous === null && isAlarming(running.failing, running.pool);
  return { protected: before || alone, certain: false };
}
