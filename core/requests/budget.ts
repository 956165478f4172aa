/** What one page may cost: it ends when any of it is spent, and its cursor goes on. */
export interface Budget {
  /** Bytes of requests that are read. */
  readonly read: number;
  /** Bytes of those that passed the filters and wait to be answered: the bound on memory. */
  readonly kept: number;
  /** Queries: one for each shard of an hour, at least. */
  readonly queries: number;
  /** Milliseconds. */
  readonly ms: number;
}

export type Spent = Omit<Budget, "ms">;

/** Keeps count of what a page costs. */
export interface Account {
  isSpent(): boolean;
  spend(spent: Spent): void;
}

/** @param clock milliseconds on any clock that only goes forward */
export function openAccount(budget: Budget, clock: () => number): Account {
  const deadline = clock() + budget.ms;
  let { read, kept, queries } = budget;
  let hasRead = false;
  return {
    // A page always reads something, or a listing would not get on.
    isSpent: () => hasRead && (read <= 0 || kept <= 0 || queries <= 0 || clock() >= deadline),
    spend(spent) {
      hasRead = true;
      read -= spent.read;
      kept -= spent.kept;
      queries -= spent.queries;
    },
  };
}
