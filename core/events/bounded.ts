/** What one event's `data` may have as JSON: it fits into a message of 32 KB with all around it. */
export const MAX_DATA_BYTES = 24 * 1024;

/**
 * The fields of an event, the largest replaced by how many bytes they had until the rest fits. What was left out is in the record that the
 * event is of.
 */
export function bounded(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sizes = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, bytesOf(value)] as const);
  // Braces and, for each field, its quotes, colon and comma; the last has no comma.
  let total = sizes.reduce((sum, [name, bytes]) => sum + bytes + bytesOf(name) + 2, 1);
  const fitting = { ...fields };
  for (const [name, bytes] of sizes.toSorted(([, a], [, b]) => b - a)) {
    if (total <= MAX_DATA_BYTES) break;
    fitting[name] = { omitted_bytes: bytes };
    total -= bytes - bytesOf(fitting[name]);
  }
  return fitting;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
