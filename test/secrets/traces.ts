import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { Events } from "../../core/events/index.ts";
import type { Trace } from "./canaries.ts";

const UNPACKERS = [brotliDecompressSync, inflateRawSync, inflateSync, gunzipSync];
/** A byte or two in front say how it is packed. */
const MOST_BEFORE = 2;

/** Everything that can be read in a value, however it is nested, packed or encoded: itself as JSON, and its bytes, raw and unpacked. */
export function tracesOf(from: string, value: unknown): Trace[] {
  const bytes: Uint8Array[] = [];
  // A Buffer has become an object of numbers by the time that the replacer is given it; its holder still has it whole.
  const text = JSON.stringify({ value }, function (this: Record<string, unknown>, key, inner: unknown) {
    const whole = this[key];
    if (!(whole instanceof Uint8Array)) return inner;
    bytes.push(whole);
    return "(bytes)";
  });
  const traces = [{ from, text }];
  for (const one of bytes) {
    traces.push({ from: `${from} (bytes)`, text: Buffer.from(one).toString("latin1") });
    for (const unpacked of unpackings(one)) traces.push({ from: `${from} (unpacked)`, text: unpacked });
  }
  const entry = entryIn(value);
  if (entry) traces.push({ from: `${from} (entry)`, text: entry });
  return traces;
}

function unpackings(bytes: Uint8Array): string[] {
  const found: string[] = [];
  for (let skip = 0; skip <= MOST_BEFORE && skip < bytes.length; skip++) {
    for (const unpack of UNPACKERS) {
      try {
        const unpacked = unpack(bytes.subarray(skip), { maxOutputLength: 4_000_000 });
        if (unpacked.length > 0) found.push(unpacked.toString("latin1"));
      } catch {
        // It is not packed so.
      }
    }
  }
  return found;
}

/** Entries of the log are packed by a dictionary of their own. */
function entryIn(value: unknown): string | null {
  const item = value as Record<string, unknown> | null;
  if (item === null || typeof item !== "object" || !("seq" in item) || !("body" in item)) return null;
  return JSON.stringify(Events.entryOfImage(item) ?? null);
}
