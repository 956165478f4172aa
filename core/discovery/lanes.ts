/**
 * Runs `work` over `items` in their order, at most `width` at once, and takes no further one after `goOn` has said no.
 *
 * @returns what each came to, in their order; fewer than `items` when they were not all taken
 * @throws what the first `work` that fails throws
 */
export async function inLanes<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
  goOn: () => boolean,
): Promise<R[]> {
  const results: R[] = [];
  let taken = 0;
  const lane = async () => {
    while (taken < items.length && goOn()) {
      const at = taken++;
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
