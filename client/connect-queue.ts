interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** Between one that brings and one that takes, in order, never more than `limit` at once. */
export class Queue<T> {
  readonly #limit: number;
  readonly #takers: Taker<T>[] = [];
  #items: T[] = [];
  #end: { readonly failure?: { readonly error: unknown } | undefined } | undefined;
  #emptied: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  /** @returns false when there is no room for it */
  push(item: T): boolean {
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ value: item, done: false });
    else if (this.#items.length >= this.#limit) return false;
    else this.#items.push(item);
    return true;
  }

  /** The next item, once there is one; the end, after the last. @throws the failure it ended with, once */
  async take(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift()!;
      if (this.#items.length === 0) this.#emptied?.();
      return { value, done: false };
    }
    if (!this.#end) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    const { failure } = this.#end;
    this.#end = {};
    if (failure) throw failure.error;
    return { value: undefined, done: true };
  }

  /** Nothing comes any more; what is there can still be taken. The first end counts. */
  end(failure?: { readonly error: unknown }): void {
    if (this.#end) return;
    const [first, ...others] = this.#takers.splice(0);
    this.#end = first ? {} : { failure };
    if (first && failure) first.reject(failure.error);
    for (const taker of first && failure ? others : [first, ...others])
      taker?.resolve({ value: undefined, done: true });
  }

  clear(): void {
    this.#items = [];
    this.#emptied?.();
  }

  /** Waits until all is taken. */
  async emptied(): Promise<void> {
    if (this.#items.length > 0)
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    this.#emptied = undefined;
  }
}
