/** Where in the log an event is. */
export interface Place {
  /** Milliseconds since the epoch, of its entry. */
  readonly at: number;
  readonly seq: number;
  readonly index: number;
}

/** Facts of an entry are numbered below this; readings, which are made when they are sent, from here on. */
export const FIRST_READING = 1 << 19;

const INDEX_BITS = 20n;
const CHECK_BITS = 10n;
const MAX_AT = 2 ** 48 - 1;
const MAX_SEQ = 2 ** 44 - 1;
const MAX_INDEX = (1 << Number(INDEX_BITS)) - 1;

/**
 * A UUIDv7 whose 74 free bits are 44 of the entry's number, 20 of the index in it and 10 of a check, so that ids sort as the log does and
 * an id leads to its place without a read.
 *
 * @throws RangeError for a place that finds no room in it.
 */
export function eventId({ at, seq, index }: Place): string {
  if (!isUpTo(MAX_AT, at) || !isUpTo(MAX_SEQ, seq) || !isUpTo(MAX_INDEX, index)) {
    throw new RangeError(`No event is at ${at}, ${seq}, ${index}: the log has no such place.`);
  }
  const free =
    (BigInt(seq) << (INDEX_BITS + CHECK_BITS)) | (BigInt(index) << CHECK_BITS) | checkOf(at, seq, index);
  const bits = (BigInt(at) << 80n) | (7n << 76n) | ((free >> 62n) << 64n) | (2n << 62n) | (free & LOW_62);
  const hex = bits.toString(16).padStart(32, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const LOW_62 = (1n << 62n) - 1n;

function isUpTo(most: number, value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

/** The place that an id names; null for one that was never an event's. */
export function placeOf(id: string): Place | null {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)) return null;
  const bits = BigInt(`0x${id.replaceAll("-", "")}`);
  const free = (((bits >> 64n) & 0xfffn) << 62n) | (bits & LOW_62);
  const place = {
    at: Number(bits >> 80n),
    seq: Number(free >> (INDEX_BITS + CHECK_BITS)),
    index: Number((free >> CHECK_BITS) & BigInt(MAX_INDEX)),
  };
  const check = free & ((1n << CHECK_BITS) - 1n);
  return check === checkOf(place.at, place.seq, place.index) ? place : null;
}

// FNV-1a of the three numbers: a UUIDv7 from elsewhere passes once in 1 024 times, and then names an entry that is not there.
function checkOf(at: number, seq: number, index: number): bigint {
  let hash = 0x811c9dc5;
  for (const char of `${at}.${seq}.${index}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return BigInt(hash >>> 22);
}

/** The id that stands for everything up to the end of an entry: a cursor, and no event's. */
export function endOf({ at, seq }: Omit<Place, "index">): string {
  return eventId({ at, seq, index: MAX_INDEX });
}
