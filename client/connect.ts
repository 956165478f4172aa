import { reconnectPause } from "./backoff.ts";
import type { ClientOptions } from "./call.ts";
import type { Message } from "./connect-message.ts";
import { globalSocket, type Settled, settled } from "./connect-options.ts";
import { Position } from "./connect-position.ts";
import { Queue } from "./connect-queue.ts";
import { converse, NOT_SUBSCRIBED } from "./connect-socket.ts";
import { isPassing, ticketAddress } from "./connect-ticket.ts";
import type {
  ArxEvent,
  Connection,
  ConnectOptions,
  EventType,
  Socket,
  StateChange,
} from "./connect-types.ts";
import type { ArxError } from "./error.ts";
import { sleep } from "./retry.ts";

/** How one socket's time ended. */
interface Ended {
  readonly cause: ArxError | undefined;
  readonly wasSteady: boolean;
}

/**
 * The events of the fleet, in order, each once, over as many sockets as it takes, one at a time. What comes between two sockets is read
 * from the log; where that does not reach back far enough, an item says that a snapshot is required.
 *
 * Iterating fails with an ArxError when Arx refuses for good (401, 403, another 4xx, a subscription it does not understand), and with the
 * signal's reason; anything else is tried again. A consumer that is behind holds the stream up, and loses nothing.
 *
 * @throws TypeError or RangeError for options that can't be
 */
export function connect<T extends EventType = EventType>(
  client: ClientOptions,
  options: ConnectOptions<T> = {},
): Connection<T> {
  return new Stream(client, options) as Connection as Connection<T>;
}

class Stream implements Connection {
  readonly #client: ClientOptions;
  readonly #options: Settled;
  readonly #socket: new (
    url: string,
  ) => Socket;
  readonly #queue: Queue<Message>;
  readonly #position: Position;
  readonly #over = new AbortController();
  readonly #listeners = new Set<(change: StateChange) => void>();
  readonly #run: Promise<void>;
  #state: StateChange["state"] = "connecting";
  #given: string | undefined;

  constructor(client: ClientOptions, options: ConnectOptions) {
    this.#client = client;
    this.#options = settled(options);
    this.#socket = options.WebSocket ?? globalSocket();
    this.#queue = new Queue(this.#options.queueLimit);
    this.#position = new Position(options.since);
    this.#given = options.since;
    // A turn later, so that whoever asked for it can listen to all of its states.
    this.#run = Promise.resolve().then(() => this.#live());
  }

  get state(): StateChange["state"] {
    return this.#state;
  }

  get cursor(): string | undefined {
    return this.#queue.size === 0 && !this.#over.signal.aborted ? this.#position.last : this.#given;
  }

  onState(listener: (change: StateChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#stop();
    return this.#run;
  }

  [Symbol.asyncIterator](): AsyncIterator<ArxEvent, undefined> {
    return {
      next: async () => {
        const result = await this.#queue.take();
        if (!result.done) this.#given = result.value.id;
        return result as IteratorResult<ArxEvent, undefined>;
      },
      return: async () => {
        await this.close();
        return { value: undefined, done: true };
      },
    };
  }

  /** Ends it from outside: what was not given out yet is not given out any more, and can be had by the cursor. */
  #stop(failure?: { readonly error: unknown }): void {
    this.#given = this.cursor;
    this.#over.abort();
    this.#queue.clear();
    this.#queue.end(failure);
  }

  /** From the first attempt to the end. Never rejects. */
  async #live(): Promise<void> {
    const { signal } = this.#options;
    const aborted = () => this.#stop({ error: signal!.reason });
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted) aborted();
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#reconnect();
    } catch (error) {
      failure = { error };
    }
    if (signal?.aborted) failure = { error: signal.reason };
    else if (this.#over.signal.aborted) failure = undefined;
    signal?.removeEventListener("abort", aborted);
    this.#queue.end(failure);
    this.#become({ state: "closed", ...(failure && { cause: failure.error }) });
  }

  /** Connects, again and again. @throws what it can't go on after, or whatever when it is over */
  async #reconnect(): Promise<void> {
    const { signal } = this.#over;
    for (let failures = 0; !signal.aborted; ) {
      this.#become({ state: "connecting" });
      const { cause, wasSteady } = await this.#attempt();
      signal.throwIfAborted();
      if (cause) {
        if (wasSteady) failures = 0;
        const pauseMs = reconnectPause(failures++, this.#options, this.#client.random ?? Math.random);
        this.#become({ state: "waiting", cause, pauseMs });
        await sleep(pauseMs, signal);
      } else {
        failures = 0;
        this.#become({ state: "paused" });
        await this.#queue.emptied();
      }
    }
  }

  /** One ticket and one socket. @throws what another attempt would not mend */
  async #attempt(): Promise<Ended> {
    const { signal } = this.#over;
    const { types, cells, steadyMs } = this.#options;
    let address: string;
    try {
      address = await ticketAddress(this.#client, signal);
    } catch (error) {
      if (!isPassing(error)) throw error;
      return { cause: error, wasSteady: false };
    }
    let liveAt = Number.POSITIVE_INFINITY;
    const cause = await converse(new this.#socket(address), this.#options, {
      subscription: { types, cells, since: this.#position.last },
      signal,
      subscribed: ({ id }) => {
        liveAt = performance.now();
        this.#position.startAt(id);
        this.#become({ state: "live" });
      },
      take: (item) => this.#take(item),
    });
    if (cause?.code === NOT_SUBSCRIBED && !isPassing(cause)) throw cause;
    return { cause, wasSteady: performance.now() - liveAt >= steadyMs };
  }

  #take(item: Message): boolean {
    if (!this.#position.isNew(item)) return true;
    if (this.#isWanted(item) && !this.#queue.push(item)) return false;
    this.#position.pass(item);
    return true;
  }

  #isWanted({ type }: Message): boolean {
    const types: readonly string[] = this.#options.types ?? [];
    return types.length === 0 || type === "snapshot_required" || types.includes(type);
  }

  #become(change: StateChange): void {
    this.#state = change.state;
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        // The listener's own trouble, told where uncaught errors are told; the stream goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
