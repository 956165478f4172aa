import { setTimeout as sleep } from "node:timers/promises";
import type { Peers, Posted } from "../../core/realtime/index.ts";

/** What becomes of messages on their way, each with its likelihood. */
export interface Faults {
  readonly failedBefore: number;
  readonly failedAfter: number;
  /** Answered as failed at once, and delivered a while later. */
  readonly failedThenDelivered: number;
  /** Delivered at once, or only in the end, and not answered for a while. */
  readonly slow: number;
  /** The longest while; milliseconds. */
  readonly whileMs: number;
}

export const NO_FAULTS: Faults = {
  failedBefore: 0,
  failedAfter: 0,
  failedThenDelivered: 0,
  slow: 0,
  whileMs: 0,
};

/** API Gateway as far as messages to clients go: open connections, and what can go wrong on the way to them. */
export class Gateway {
  faults: Faults = NO_FAULTS;
  largest = 0;
  readonly #open = new Map<string, { take(text: string): void; ended(): void }>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  connect(id: string, client: { take(text: string): void; ended(): void }): void {
    this.#open.set(id, client);
  }

  /** The client's end is gone, and nobody is told. */
  disconnect(id: string): void {
    this.#open.delete(id);
  }

  /** The way to clients from one process. Once that is killed nothing that it sends arrives, and nothing is answered. */
  from(process: { readonly isDead: () => boolean } = { isDead: () => false }): Peers {
    const never = new Promise<never>(() => {});
    return {
      post: async (id, text) => {
        if (process.isDead()) return never;
        const posted = await this.#post(id, text);
        return process.isDead() ? never : posted;
      },
      close: async (id) => {
        if (process.isDead()) return never;
        const client = this.#open.get(id);
        this.#open.delete(id);
        client?.ended();
      },
    };
  }

  async #post(id: string, text: string): Promise<Posted> {
    this.largest = Math.max(this.largest, Buffer.byteLength(text));
    if (!this.#open.has(id)) return "gone";
    const { failedBefore, failedAfter, failedThenDelivered, slow, whileMs } = this.faults;
    let dice = this.#random();
    const is = (likelihood: number) => {
      const hit = dice >= 0 && dice < likelihood;
      dice -= likelihood;
      return hit;
    };
    const pause = this.#random() * whileMs;
    if (is(failedBefore)) return "failed";
    if (is(failedThenDelivered)) {
      void sleep(pause).then(() => this.#deliver(id, text));
      return "failed";
    }
    if (is(slow / 2)) {
      await sleep(pause);
      return this.#deliver(id, text) ? "sent" : "gone";
    }
    this.#deliver(id, text);
    if (is(slow / 2)) await sleep(pause);
    return is(failedAfter) ? "failed" : "sent";
  }

  #deliver(id: string, text: string): boolean {
    const client = this.#open.get(id);
    client?.take(text);
    return client !== undefined;
  }
}
