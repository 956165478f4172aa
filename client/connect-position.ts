import type { Message } from "./connect-message.ts";

/**
 * Where in the stream a client is. Ids only grow, and everything may come twice: what is not after the last id was there before. A
 * snapshot that is required by the first item of a subscription is apart: it answers a cursor that may be from anywhere.
 */
export class Position {
  #last: string | undefined;
  #isFirst = true;

  constructor(since: string | undefined) {
    this.#last = since;
  }

  /** The id after which to go on. */
  get last(): string | undefined {
    return this.#last;
  }

  /** A subscription started from `id`. */
  startAt(id: string): void {
    this.#last ??= id;
    this.#isFirst = true;
  }

  isNew({ type, id }: Message): boolean {
    if (type === "snapshot_required" && this.#isFirst) return true;
    return this.#last === undefined || id > this.#last;
  }

  pass({ id }: Message): void {
    this.#last = id;
    this.#isFirst = false;
  }
}
