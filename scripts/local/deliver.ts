import { setTimeout as sleep } from "node:timers/promises";

export interface Delivery<R> {
  /** Hands over a batch; answers how many of its first records succeeded. A throw means none. */
  readonly hand: (batch: readonly R[]) => Promise<number>;
  /** Told of every record that is done with, by success or by being given up. */
  readonly done: (record: R) => void;
  readonly giveUp: (record: R, error: unknown) => void;
  /** Tries of a single record beyond its first. */
  readonly retries: number;
  readonly backoffMs: number;
  readonly signal: AbortSignal;
}

/**
 * Hands over records in order, as Lambda does for a stream: what a batch did succeed in is done, it goes on from the first failure, a batch
 * that gets nowhere is halved down to the record at fault, and that one is given up after `retries`, so that it holds up the others for a
 * bounded time only.
 */
export async function deliver<R>(records: readonly R[], delivery: Delivery<R>): Promise<void> {
  let pending = records;
  let size = pending.length;
  let tries = 0;
  while (pending.length > 0 && !delivery.signal.aborted) {
    const batch = pending.slice(0, size);
    const { succeeded, error } = await attempt(delivery, batch);
    if (succeeded > 0) {
      delivery.done(batch[succeeded - 1]!);
      pending = pending.slice(succeeded);
      size = succeeded === batch.length ? pending.length : size;
      tries = 0;
      continue;
    }
    if (batch.length > 1) {
      size = Math.ceil(batch.length / 2);
      continue;
    }
    if (tries === delivery.retries) {
      delivery.giveUp(batch[0]!, error);
      delivery.done(batch[0]!);
      pending = pending.slice(1);
      size = pending.length;
      tries = 0;
      continue;
    }
    await sleep(delivery.backoffMs * 2 ** tries, undefined, { signal: delivery.signal }).catch(() => {});
    tries++;
  }
}

async function attempt<R>(
  { hand }: Delivery<R>,
  batch: readonly R[],
): Promise<{ succeeded: number; error?: unknown }> {
  try {
    return { succeeded: await hand(batch) };
  } catch (error) {
    return { succeeded: 0, error };
  }
}
