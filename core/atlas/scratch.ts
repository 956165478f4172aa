import { MAX_DEPTH } from "./tree.ts";

/**
 * The memory of one search, made once and used again and again; also holds its answer. Searching allocates nothing, which
 * is why fractions pass through fields here: V8 boxes them when they pass through calls.
 */
export interface Scratch {
  /** How many points were found: at most k. */
  count: number;
  /** Found points, nearest first: patch, index within the patch, squared chord. Valid up to `count`. */
  readonly patch: Int32Array;
  readonly point: Int32Array;
  readonly chord2: Float64Array;

  /** How many absent patches are listed: at most the room given to `createScratch`. */
  absentCount: number;
  /** Absent patches that may hold something nearer, nearest first, with their least squared chord. Valid up to `absentCount`. */
  readonly absent: Int32Array;
  readonly absentChord2: Float64Array;

  /** Squared chord of the point that `Accept` is being asked about. */
  candidateChord2: number;
  /** Unit vector of the position searched from. */
  x: number;
  y: number;
  z: number;
  /** Squared chord beyond which no point can enter the answer any more. */
  worst: number;
  /** Nodes put off during the descent, with their least squared chord. */
  readonly stack: Int32Array;
  readonly stackChord2: Float64Array;
}

/** Room for up to `maxK` nearest points and the `maxAbsent` nearest of the absent patches that matter. */
export function createScratch(maxK: number, maxAbsent = 32): Scratch {
  return {
    count: 0,
    patch: new Int32Array(maxK),
    point: new Int32Array(maxK),
    chord2: new Float64Array(maxK),
    absentCount: 0,
    absent: new Int32Array(maxAbsent),
    absentChord2: new Float64Array(maxAbsent),
    // NaN, not 0: fields that begin as fractions are stored as such from the start.
    candidateChord2: Number.NaN,
    x: Number.NaN,
    y: Number.NaN,
    z: Number.NaN,
    worst: Number.NaN,
    stack: new Int32Array(MAX_DEPTH),
    stackChord2: new Float64Array(MAX_DEPTH),
  };
}
