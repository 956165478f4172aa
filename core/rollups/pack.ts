import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { type Cube, DIMENSIONS, emptyCube, type Measures, REQUEST_STATUSES } from "./cube.ts";
import type { Ranges } from "./ranges.ts";

/** Counts of a key, then its bins: the first bin, its count, and so on with each bin as the step from the one before. */
type Row = number[];
type Rows = [key: string, row: Row][];

const COUNTS = ["requests", "failed", "rejected", "far", "farMetres", "x", "y", "z"] as const;

/** Bytes of JSON that go into one part: packed they stay far below DynamoDB's 400 KB, whatever is in them. */
const PART_BYTES = 200 * 1024;

function rowOf(measures: Measures): Row {
  const row: Row = COUNTS.map((name) => measures[name]);
  let before = 0;
  for (const [bin, count] of [...measures.bins].sort(([a], [b]) => a - b)) {
    row.push(bin - before, count);
    before = bin;
  }
  return row;
}

function measuresOfRow(row: Row): Measures {
  const bins = new Map<number, number>();
  let bin = 0;
  for (let at = COUNTS.length; at < row.length; at += 2) {
    bin += row[at]!;
    bins.set(bin, row[at + 1]!);
  }
  const counts = Object.fromEntries(COUNTS.map((name, i) => [name, row[i]!])) as Omit<Measures, "bins">;
  return { ...counts, bins };
}

const rowsOf = (map: ReadonlyMap<string, Measures>): Rows =>
  [...map].map(([key, measures]) => [key, rowOf(measures)]);

/** What one shard brought to one minute, with the sequence numbers that are counted in it. */
export function packMinute(cube: Cube, seen: Ranges): Uint8Array {
  const by = DIMENSIONS.map((dimension) => rowsOf(cube.by[dimension]));
  return squeeze([statusesOf(cube), rowOf(cube.total), by, seen.map((range) => range.map(String))]);
}

export function unpackMinute(packed: Uint8Array): { cube: Cube; seen: Ranges } {
  const [statuses, total, by, seen] = expand(packed) as [number[], Row, Rows[], [string, string][]];
  const cube = cubeOf(statuses, total);
  for (const [i, dimension] of DIMENSIONS.entries()) {
    for (const [key, row] of by[i]!) cube.by[dimension].set(key, measuresOfRow(row));
  }
  return { cube, seen: seen.map(([first, last]) => [BigInt(first), BigInt(last)]) };
}

/** The totals of an hour or a day. */
export function packTotals(cube: Cube): Uint8Array {
  return squeeze([statusesOf(cube), rowOf(cube.total)]);
}

export function unpackTotals(packed: Uint8Array): Cube {
  const [statuses, total] = expand(packed) as [number[], Row];
  return cubeOf(statuses, total);
}

/** One dimension of an hour or a day, in as many parts as it needs. */
export function packDimension(map: ReadonlyMap<string, Measures>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let rows: Rows = [];
  let bytes = 0;
  for (const one of rowsOf(map)) {
    rows.push(one);
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    if (bytes < PART_BYTES) continue;
    parts.push(squeeze(rows));
    rows = [];
    bytes = 0;
  }
  if (rows.length > 0) parts.push(squeeze(rows));
  return parts;
}

export function unpackDimension(packed: Uint8Array): [string, Measures][] {
  return (expand(packed) as Rows).map(([key, row]) => [key, measuresOfRow(row)]);
}

function statusesOf(cube: Cube): number[] {
  return REQUEST_STATUSES.map((status) => cube.statuses[status]);
}

function cubeOf(statuses: number[], total: Row): Cube {
  const counts = Object.fromEntries(REQUEST_STATUSES.map((status, i) => [status, statuses[i]!]));
  return {
    ...emptyCube(),
    statuses: counts as Cube["statuses"],
    total: measuresOfRow(total),
  };
}

function squeeze(value: unknown): Uint8Array {
  return brotliCompressSync(JSON.stringify(value), {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  });
}

function expand(packed: Uint8Array): unknown {
  return JSON.parse(brotliDecompressSync(packed).toString("utf8"));
}
