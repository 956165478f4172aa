import { memoryOf, type World } from "../ctx.ts";

/** Lets a bounded number of tasks run at once, the rest in the order they came. */
export type Lanes = <T>(task: () => Promise<T>) => Promise<T>;

/** @param width tasks at once, at least 1 */
export function openLanes(width: number): Lanes {
  const waiting: (() => void)[] = [];
  let first = 0;
  let running = 0;
  const next = () => {
    // The queue is cleared when it runs empty, so that taking from its front costs nothing.
    if (first === waiting.length) {
      waiting.length = 0;
      first = 0;
      running -= 1;
    } else waiting[first++]!();
  };
  return async (task) => {
    if (running < width) running += 1;
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      return await task();
    } finally {
      next();
    }
  };
}

const PROBES = Symbol("watching.probes");
const WRITES = Symbol("watching.writes");

/** What one process may do at once, however many orders it works on: half of a Lambda's file descriptors, and the SDK's sockets. */
export function lanesOf(world: World): { readonly probes: Lanes; readonly writes: Lanes } {
  return {
    probes: memoryOf(world, PROBES, () => openLanes(400)),
    writes: memoryOf(world, WRITES, () => openLanes(32)),
  };
}
