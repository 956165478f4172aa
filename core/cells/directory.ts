import type { Extent } from "../geo/index.ts";
import { decodeBounds, encodeBounds } from "./bounds.ts";

/** What a directory knows of a cell, or of a finer directory, below it. */
export interface Entry {
  readonly prefix: string;
  readonly kind: "cell" | "directory";
  /** Nodes in the cell; of a finer directory only that there are any. */
  readonly count: number;
  /** The cell's versions, modulo 65 536: compared for equality alone. */
  readonly rosterVersion: number;
  readonly observedVersion: number;
  /** Bounds of the nodes below, rounded outwards; what they cover may shrink unseen, never grow. */
  readonly bounds: Extent;
}

/** The cells below a prefix, sorted by prefix; no prefix in it is a prefix of another. */
export interface Directory {
  readonly prefix: string;
  /** Counts writes, from the millisecond that the first was made in; 0 while it is not stored. */
  readonly revision: number;
  readonly entries: readonly Entry[];
}

/**
 * Bits by which a finer directory's prefix is longer: 256 parts, so that the root of the largest fleet still is a read of half a unit, and few
 * enough that a position's own one can be guessed.
 */
export const LEVEL_BITS = 8;

/** Entries past which a directory hands its fullest parts to finer ones: 4 KB, a read of half a unit. */
export const MAX_ENTRIES = 300;

/** The entry that covers a key, or null. */
export function entryFor(directory: Directory, key: string): Entry | null {
  // Prefixes are free of each other, so the covering one is the greatest that does not sort after the key.
  let low = 0;
  let high = directory.entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (directory.entries[middle]!.prefix <= key) low = middle + 1;
    else high = middle;
  }
  const entry = directory.entries[low - 1];
  return entry && key.startsWith(entry.prefix) ? entry : null;
}

/** The shortest prefix of a key that no entry shares: where a first node in unoccupied land makes its cell. */
export function vacantPrefix(directory: Directory, key: string): string {
  for (let length = directory.prefix.length; length < key.length; length++) {
    const prefix = key.slice(0, length);
    if (!directory.entries.some((entry) => entry.prefix.startsWith(prefix))) return prefix;
  }
  return key;
}

/** The same directory with some entries replaced (by prefix), added, or removed. */
export function withEntries(
  directory: Directory,
  removed: ReadonlySet<string>,
  added: readonly Entry[],
): Directory {
  const replaced = new Set([...removed, ...added.map((entry) => entry.prefix)]);
  const entries = directory.entries.filter((entry) => !replaced.has(entry.prefix)).concat(added);
  entries.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  return { ...directory, entries };
}

/**
 * Packs entries: per entry the length of its prefix in bits, the bits, the count (0 for a finer directory), both versions and the bounds
 * in 256ths of the prefix's own rectangle: some 13 bytes.
 */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const bytes = Buffer.alloc(
    entries.reduce((sum, entry) => sum + 10 + Math.ceil((entry.prefix.length - 1) / 8), 0),
  );
  let at = 0;
  for (const entry of entries) {
    const bits = entry.prefix.slice(1);
    at = bytes.writeUInt8(bits.length, at);
    for (let start = 0; start < bits.length; start += 8) {
      at = bytes.writeUInt8(Number.parseInt(bits.slice(start, start + 8).padEnd(8, "0"), 2), at);
    }
    at = bytes.writeUInt8(entry.kind === "directory" ? 0 : Math.min(entry.count, 255), at);
    at = bytes.writeUInt16BE(entry.rosterVersion & 0xffff, at);
    at = bytes.writeUInt16BE(entry.observedVersion & 0xffff, at);
    at = encodeBounds(entry.prefix, entry.bounds, bytes, at);
  }
  return bytes.subarray(0, at);
}

export function decodeEntries(tree: string, packed: Uint8Array): Entry[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt8(at++);
    let bits = "";
    for (let start = 0; start < length; start += 8)
      bits += bytes.readUInt8(at++).toString(2).padStart(8, "0");
    const prefix = tree + bits.slice(0, length);
    const count = bytes.readUInt8(at);
    entries.push({
      prefix,
      kind: count === 0 ? "directory" : "cell",
      count: count || 1,
      rosterVersion: bytes.readUInt16BE(at + 1),
      observedVersion: bytes.readUInt16BE(at + 3),
      bounds: decodeBounds(prefix, bytes, at + 5),
    });
    at += 9;
  }
  return entries;
}
