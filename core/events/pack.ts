import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from "node:zlib";
import { iso } from "../id.ts";
import { eventId } from "./id.ts";
import type { StoredEntry } from "./items.ts";
import { type Draft, EVENT_TYPES, type Fact, type LogEntry } from "./types.ts";

type Row = [type: number, at: number, place: string | 0, data: Readonly<Record<string, unknown>>];

/** How an entry's text is compressed: its first byte. */
const BROTLI = 1;
const DEFLATED = 2;

/** Bytes of text below which what facts have in common is most of it. */
const SMALL_BYTES = 4096;

/**
 * What facts have in common, the most frequent last: a request that is alone in its entry, and its event, fit into a write unit each. It is
 * part of the format, as the order of EVENT_TYPES is: entries are read for an hour after they were written.
 */
const COMMON = Buffer.from(
  [
    '{"node_id":"","id":"","name":"","status":"unhealthy","status":"degraded","status":"draining","status":"inactive",',
    '{"id":"","name":"","status":"healthy","cpu_usage":null,"memory_usage":null,"active_connections":0,',
    '"last_health_check":"2026-01-01T00:00:00.000Z"}',
    '"response_data":null,"status":"failed","request_data":{"headers":{"payload":{"outcome":"timeout","status":null,',
    '[[9,17,"","selected_node_id":null,"distance":null,"load_score":null,"status":"rejected",',
    '"status":"completed","created_at":"2026-01-01T00:00:00.000Z"}],[10,17',
    ',"selected_node":"","distance":0.,"response_time_ms":0.,"status":"completed","request_data":{"payload":',
    '"},"response_data":{"',
    '"},"processing_metrics":{"strategy":"nearest-least-loaded","candidates":3,',
    '"attempts":[{"node_id":"","outcome":"completed","status":200,"duration_ms":0.,"error":null}]}}]],[]]',
    '[[[9,17,"',
    '{"id":"01","request_id":"","coordinates_x":-,"coordinates_y":,"selected_node_id":"","distance":0.,"load_score":0.,',
    '"status":"routed","created_at":"2026-01-01T00:00:00.000Z"}]],[]]',
  ].join(""),
);

/** An entry's facts and cells, compressed together: many facts of one kind take little more than what differs. */
export function packBody(facts: readonly Draft[], swept: readonly string[]): Uint8Array {
  const rows = facts.map(
    ({ type, at, place, data }): Row => [EVENT_TYPES.indexOf(type), at, place ?? 0, data],
  );
  const text = Buffer.from(JSON.stringify([rows, swept]));
  if (text.length < SMALL_BYTES) {
    return Buffer.concat([
      Buffer.of(DEFLATED),
      deflateRawSync(text, { level: constants.Z_BEST_COMPRESSION, dictionary: COMMON }),
    ]);
  }
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  };
  return Buffer.concat([Buffer.of(BROTLI), brotliCompressSync(text, { params })]);
}

function textOf(body: Uint8Array): string {
  const packed = body.subarray(1);
  if (body[0] === DEFLATED) return inflateRawSync(packed, { dictionary: COMMON }).toString("utf8");
  if (body[0] === BROTLI) return brotliDecompressSync(packed).toString("utf8");
  throw new TypeError(`An entry of the log is packed in a way that is not known: ${body[0]}.`);
}

/** @throws TypeError or an error of zlib for a body that was never packed here. */
export function unpackEntry({ seq, at, body }: StoredEntry): LogEntry {
  const [rows, swept] = JSON.parse(textOf(body)) as [Row[], string[]];
  const facts = rows.map(([type, madeAt, place, data], index): Fact => {
    const fact = { type: EVENT_TYPES[type]!, id: eventId({ at, seq, index }), at: iso(madeAt), data };
    return place === 0 ? fact : { ...fact, place };
  });
  return { seq, at, facts, swept };
}
