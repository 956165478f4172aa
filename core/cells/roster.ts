import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Member } from "./member.ts";

/** Who is in a cell: what a sweep does not change. */
export interface Roster {
  readonly cell: string;
  /** Counts writes, from a number by chance. */
  readonly version: number;
  readonly members: readonly Member[];
}

/** Members past which a cell splits. */
export const MAX_MEMBERS = 80;

/** Packed bytes past which a cell splits though it has few members: those with long labels and URLs. */
export const MAX_ROSTER_BYTES = 8 * 1024;

/** Members up to which two sibling cells become one: well below the split, so that one node coming and going does not do both. */
export const MERGE_MEMBERS = 24;

const COLUMNS = [
  "id",
  "name",
  "lat",
  "lng",
  "endpoint",
  "probe_url",
  "role",
  "region",
  "provider",
  "labels",
  "services",
  "service_radius_km",
  "capacity",
  "draining",
  "drain_deadline",
  "epoch",
] as const satisfies readonly (keyof Member)[];

/** Packs members column by column, which is what compression likes: some 60 bytes a node. */
export function encodeMembers(members: readonly Member[]): Uint8Array {
  const columns = COLUMNS.map((column) => members.map((member) => pack(column, member[column]) ?? null));
  return brotliCompressSync(JSON.stringify(columns), {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  });
}

export function decodeMembers(packed: Uint8Array): Member[] {
  const columns = JSON.parse(brotliDecompressSync(packed).toString("utf8")) as unknown[][];
  return columns[0]!.map(
    (_, row) =>
      Object.fromEntries(
        COLUMNS.map((column, i) => [column, unpack(column, columns[i]![row])]),
      ) as unknown as Member,
  );
}

// Degrees have seven decimals (`roundDegrees`), so a whole number of 1e-7 degrees is exact.
function pack(column: (typeof COLUMNS)[number], value: unknown): unknown {
  return (column === "lat" || column === "lng") && typeof value === "number"
    ? Math.round(value * 1e7)
    : value;
}

function unpack(column: (typeof COLUMNS)[number], value: unknown): unknown {
  if (value === null) return undefined;
  return (column === "lat" || column === "lng") && typeof value === "number" ? value / 1e7 : value;
}

/** Whether two members would be packed alike. */
export function sameMember(a: Member, b: Member): boolean {
  return COLUMNS.every((column) => JSON.stringify(a[column]) === JSON.stringify(b[column]));
}
