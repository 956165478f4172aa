import { OutboundError } from "./errors.ts";

/** Lets a bounded number of calls through at once, the rest in the order they came. */
export interface Gate {
  /** Resolves when there is room; rejects `aborted` when the signal fires or the gate closes first. */
  enter(signal?: AbortSignal): Promise<void>;
  leave(): void;
  close(): void;
}

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (error: OutboundError) => void;
}

/** @param limit calls at once, at least 1 */
export function createGate(limit: number): Gate {
  const queue = new Set<Waiting>();
  let inside = 0;
  let closed = false;

  return {
    async enter(signal) {
      if (closed) throw closing();
      if (signal?.aborted === true) throw aborted();
      if (inside < limit) {
        inside += 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => waiting.refuse(aborted());
        const leaveQueue = () => {
          queue.delete(waiting);
          signal?.removeEventListener("abort", onAbort);
        };
        const waiting: Waiting = {
          admit: () => {
            leaveQueue();
            resolve();
          },
          refuse: (error) => {
            leaveQueue();
            reject(error);
          },
        };
        queue.add(waiting);
        signal?.addEventListener("abort", onAbort);
      });
    },
    leave() {
      const next = queue.values().next().value;
      // The place goes straight to the next in line, so that a newcomer cannot take it.
      if (next === undefined) inside -= 1;
      else next.admit();
    },
    close() {
      closed = true;
      for (const waiting of queue) waiting.refuse(closing());
    },
  };
}

/** The caller gave up. */
export function aborted(): OutboundError {
  return new OutboundError("aborted", "The call was given up by its caller.");
}

/** The client was closed under the call. */
export function closing(): OutboundError {
  return new OutboundError("aborted", "The call was given up because the client is closing.");
}
