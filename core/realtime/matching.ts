import type { Fact } from "../events/index.ts";
import type { Subscription } from "./schema.ts";

const BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz";

/** Whether an event is one that a subscription asks for. */
export function wants({ types, cells }: Subscription, fact: Pick<Fact, "type" | "place">): boolean {
  if (types && !types.includes(fact.type)) return false;
  return cells === null || (fact.place !== undefined && isIn(cells, fact.place));
}

/** Whether a place (geohash) is in one of some cells (geohash prefixes). */
export function isIn(cells: readonly string[], place: string): boolean {
  return cells.some((cell) => place.startsWith(cell));
}

/** Whether a subscription asks for the health of nodes that may be in a cell of the index. */
export function wantsReadings({ types, cells }: Subscription, indexCell: string): boolean {
  if (types && !types.includes("node_health_updated")) return false;
  if (cells === null) return true;
  if (indexCell[0] !== "g") return false;
  const bits = indexCell.slice(1);
  return cells.some((cell) => {
    const asked = bitsOf(cell);
    return bits.startsWith(asked) || asked.startsWith(bits);
  });
}

function bitsOf(geohash: string): string {
  return Array.from(geohash, (char) => BASE32.indexOf(char).toString(2).padStart(5, "0")).join("");
}

/** The same for subscriptions that ask for the same. */
export function signatureOf({ types, cells }: Subscription): string {
  return `${types?.join() ?? "*"}|${cells?.join() ?? "*"}`;
}
