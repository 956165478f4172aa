import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { iso } from "../id.ts";
import { eventId } from "./id.ts";
import type { StoredEntry } from "./items.ts";
import { type Draft, EVENT_TYPES, type Fact, type LogEntry } from "./types.ts";

type Row = [type: number, at: number, place: string | 0, data: Readonly<Record<string, unknown>>];

/** An entry's facts and cells, compressed together: many facts of one kind take little more than what differs. */
export function packBody(facts: readonly Draft[], swept: readonly string[]): Uint8Array {
  const rows = facts.map(
    ({ type, at, place, data }): Row => [EVENT_TYPES.indexOf(type), at, place ?? 0, data],
  );
  return brotliCompressSync(JSON.stringify([rows, swept]), {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 4,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  });
}

export function unpackEntry({ seq, at, body }: StoredEntry): LogEntry {
  const [rows, swept] = JSON.parse(brotliDecompressSync(body).toString("utf8")) as [Row[], string[]];
  const facts = rows.map(([type, madeAt, place, data], index): Fact => {
    const fact = { type: EVENT_TYPES[type]!, id: eventId({ at, seq, index }), at: iso(madeAt), data };
    return place === 0 ? fact : { ...fact, place };
  });
  return { seq, at, facts, swept };
}
