import { v7 } from "uuid";

/** A UUIDv7: sorts by the millisecond it was made in. */
export function newId(world: { readonly now: () => number; readonly random: () => number }): string {
  return v7({ msecs: world.now(), random: randomBytes(world.random) });
}

function randomBytes(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
}

/** The millisecond that a UUIDv7 was made in. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** ISO-8601 in UTC with milliseconds, the wire's only form of time. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
