import { LimitExceeded } from "../errors.ts";

/** Lets so many pass at a time; so many more wait for their turn, in order; the rest are refused. */
export interface Gate {
  /** Runs `work` in its turn. @throws LimitExceeded when too many wait already. */
  pass<T>(work: () => Promise<T>): Promise<T>;
}

export function openGate(slots: number, places: number): Gate {
  let free = slots;
  const waiting: (() => void)[] = [];
  return {
    async pass(work) {
      if (free > 0) free--;
      else if (waiting.length < places) await new Promise<void>((resolve) => waiting.push(resolve));
      else throw new LimitExceeded("Too many sign in at this moment; try again.", 1);
      try {
        return await work();
      } finally {
        // Whoever waits gets the slot from hand to hand, so that nobody slips in between.
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
