export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Whether `whole` contains `part`, as PostgreSQL's `jsonb @> jsonb` has it: an object contains one whose every key it has with a value that
 * contains the other's; an array one whose every element some element of it contains, whatever the order and the count; anything else
 * itself alone. (PostgreSQL 8.14.3. Its one exception, an array that contains a bare scalar, holds only for a `part` that is a scalar.)
 *
 * A pair of values is compared at most once, so the work is bounded by the product of both sizes.
 */
export function contains(whole: unknown, part: Json): boolean {
  if (Array.isArray(whole) && !isContainer(part)) return whole.some((one) => one === part);
  return holds(whole, part);
}

function holds(whole: unknown, part: Json): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((wanted: Json) => whole.some((one) => holds(one, wanted)));
  }
  if (isContainer(part)) {
    if (!isContainer(whole) || Array.isArray(whole)) return false;
    return Object.entries(part).every(
      ([key, wanted]) => Object.hasOwn(whole, key) && holds((whole as Record<string, unknown>)[key], wanted),
    );
  }
  return whole === part;
}

function isContainer(value: unknown): value is object {
  return value !== null && typeof value === "object";
}

/** How deep a value is nested (a scalar 0, `{}` 1) and how many values it is made of, itself included. */
export function extentOf(value: unknown): { depth: number; values: number } {
  let depth = 0;
  let values = 0;
  const pending: [unknown, number][] = [[value, 0]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [one, above] = next;
    values++;
    if (!isContainer(one)) continue;
    depth = Math.max(depth, above + 1);
    for (const inner of Object.values(one)) pending.push([inner, above + 1]);
  }
  return { depth, values };
}
