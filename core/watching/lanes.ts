import { memoryOf, type World } from "../ctx.ts";

/** Lets a bounded number of tasks run at once, the rest in the order they came. */
export type Lanes = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * @param width tasks at once, at least 1
 * @param perTurn tasks begun in one turn of the event loop at most, so that many that end together leave time for others
 */
export function openLanes(width: number, perTurn = Number.POSITIVE_INFINITY): Lanes {
  const waiting: (() => void)[] = [];
  let first = 0;
  let running = 0;
  let begun = 0;

  function admit(): void {
    while (first < waiting.length && running < width && begun < perTurn) {
      running += 1;
      if (begun++ === 0 && Number.isFinite(perTurn)) setImmediate(nextTurn);
      waiting[first++]!();
    }
    // Cleared when it runs empty, so that taking from its front costs nothing.
    if (first === waiting.length) waiting.length = first = 0;
  }
  function nextTurn(): void {
    begun = 0;
    admit();
  }

  return async (task) => {
    await new Promise<void>((enter) => {
      waiting.push(enter);
      admit();
    });
    try {
      return await task();
    } finally {
      running -= 1;
      admit();
    }
  };
}

const PROBES = Symbol("watching.probes");
const WRITES = Symbol("watching.writes");

/**
 * What one process may do at once, however many orders it works on: probes up to half of a Lambda's file descriptors, writes up to the
 * SDK's sockets. A silent node holds a lane at no cost; quick ones come in small turns, or the store's own calls would time out behind them.
 */
export function lanesOf(world: World): { readonly probes: Lanes; readonly writes: Lanes } {
  return {
    probes: memoryOf(world, PROBES, () => openLanes(400, 32)),
    writes: memoryOf(world, WRITES, () => openLanes(32)),
  };
}
