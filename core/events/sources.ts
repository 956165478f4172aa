import { createHash } from "node:crypto";

/** How far a shard of a source's stream is in the log. */
export interface Reached {
  readonly sequence: bigint;
  /** Seconds since the epoch, when it last brought something. */
  readonly at: number;
}

/** By the shard's short name. */
export type Sources = ReadonlyMap<string, Reached>;

/**
 * Seconds after which a silent shard is forgotten. A batch comes again within minutes of a failure, so nothing older can; shards end every
 * few hours, and each entry carries those that are not forgotten.
 */
const REMEMBERED_S = 3600;

const NAME_BYTES = 6;
const SEQUENCE_BYTES = 17;
const ROW_BYTES = NAME_BYTES + SEQUENCE_BYTES + 4;

/** A short name for a shard of a table's stream. */
export function shardName(table: string, shard: string): string {
  return createHash("sha256")
    .update(`${table}/${shard}`)
    .digest("hex")
    .slice(0, 2 * NAME_BYTES);
}

/** The sources with one moved on to `sequence`, without those long silent. */
export function advanced(sources: Sources, name: string, sequence: bigint, nowMs: number): Sources {
  const at = Math.floor(nowMs / 1000);
  const kept = [...sources].filter(([other, reached]) => other !== name && at - reached.at <= REMEMBERED_S);
  return new Map([...kept, [name, { sequence, at }]]);
}

/** 27 bytes a shard: its name, the sequence number (up to 40 digits), the second. */
export function packSources(sources: Sources): Uint8Array {
  const bytes = Buffer.alloc(sources.size * ROW_BYTES);
  let at = 0;
  for (const [name, reached] of sources) {
    bytes.write(name, at, "hex");
    bytes.write(reached.sequence.toString(16).padStart(2 * SEQUENCE_BYTES, "0"), at + NAME_BYTES, "hex");
    bytes.writeUInt32BE(reached.at, at + NAME_BYTES + SEQUENCE_BYTES);
    at += ROW_BYTES;
  }
  return bytes;
}

export function unpackSources(packed: Uint8Array): Sources {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const sources = new Map<string, Reached>();
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const name = bytes.toString("hex", at, at + NAME_BYTES);
    const sequence = BigInt(`0x${bytes.toString("hex", at + NAME_BYTES, at + NAME_BYTES + SEQUENCE_BYTES)}`);
    sources.set(name, { sequence, at: bytes.readUInt32BE(at + NAME_BYTES + SEQUENCE_BYTES) });
  }
  return sources;
}
