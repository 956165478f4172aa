export const MAX_PORTS = 16;

/**
 * Reads a list of ports and ranges, `80,8080,9000-9003`: ascending, each once.
 *
 * @returns null for what is no such list, or names a port outside 1–65535 or more than 16 of them.
 */
export function readPorts(text: string): number[] | null {
  const ports = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last);
    // A wide range is refused before it is walked.
    if (!(from >= 1 && to <= 65_535 && from <= to && to - from < MAX_PORTS)) return null;
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return ports.size <= MAX_PORTS ? [...ports].sort((a, b) => a - b) : null;
}
