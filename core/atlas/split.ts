/**
 * Reorders the places left..right of `keys`, and `items` with them, so that no key before place `at` is greater and none
 * after it is less than the one there (Hoare's FIND, 1961). Equal keys on both sides of the pivot are swapped too, which
 * halves a run of duplicates instead of going through it one by one.
 */
export function splitAt(
  at: number,
  keys: Float64Array,
  items: Int32Array,
  left: number,
  right: number,
): void {
  while (left < right) {
    const pivot = keys[(left + right) >> 1]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (keys[i]! < pivot) i++;
      while (keys[j]! > pivot) j--;
      if (i <= j) swap(keys, items, i++, j--);
    }
    if (at <= j) right = j;
    else if (at >= i) left = i;
    else return;
  }
}

function swap(keys: Float64Array, items: Int32Array, i: number, j: number): void {
  const key = keys[i]!;
  keys[i] = keys[j]!;
  keys[j] = key;
  const item = items[i]!;
  items[i] = items[j]!;
  items[j] = item;
}
