import { createHash } from "node:crypto";
import geohash from "ngeohash";
import type { Extent } from "../geo/index.ts";

/** What a node's place among the cells follows from. */
export interface Place {
  readonly id: string;
  readonly lat?: number | undefined;
  readonly lng?: number | undefined;
}

/** The trees of cells: of nodes with a position, by geohash, and of nodes without, which are watched all the same. */
export const TREES = ["g", "n"] as const;
export type TreeName = (typeof TREES)[number];

const GEOHASH_BITS = 52;
const HASH_BITS = 32;

/**
 * The key of a node: its tree, then bits. In "g" these are the 52 bits of its geohash (longitude first, alternating), then 32 of its
 * id's hash, so that cells go on splitting where any number of nodes share one spot; in "n" only the hash. A cell or directory
 * is named by a prefix of the keys it holds.
 */
export function keyOf({ id, lat, lng }: Place): string {
  const hash = hashOf(id).readUInt32BE(0).toString(2).padStart(HASH_BITS, "0");
  if (lat === undefined || lng === undefined) return `n${hash}`;
  return `g${geohash.encode_int(lat, lng, GEOHASH_BITS).toString(2).padStart(GEOHASH_BITS, "0")}${hash}`;
}

/** The first bits of a position's key, for guessing what to read before a directory is known. */
export function positionBits(lat: number, lng: number): string {
  return keyOf({ id: "", lat, lng }).slice(0, 1 + GEOHASH_BITS);
}

/** SHA-256 of an id: keys and packed observations use its first bytes. Cryptographic, so that nobody can choose to collide. */
export function hashOf(id: string): Buffer {
  return createHash("sha256").update(id).digest();
}

const WORLD: Extent = { minLat: -90, minLng: -180, maxLat: 90, maxLng: 180 };

/** The rectangle that a prefix of the geographic tree covers. */
export function extentOf(prefix: string): Extent {
  const bits = prefix.slice(1, 1 + GEOHASH_BITS);
  if (prefix[0] !== "g" || bits === "") return WORLD;
  const [minLat, minLng, maxLat, maxLng] = geohash.decode_bbox_int(Number.parseInt(bits, 2), bits.length);
  return { minLat, minLng, maxLat, maxLng };
}

/** The other half of the cell that a cell was split from; null for a whole tree. */
export function siblingOf(prefix: string): string | null {
  if (prefix.length <= 1) return null;
  return prefix.slice(0, -1) + (prefix.endsWith("0") ? "1" : "0");
}
