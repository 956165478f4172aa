import { createHash } from "node:crypto";

/** A node's load at one time; percentages 0–100, undefined where the node does not say. */
export interface Sample {
  readonly cpu_usage: number | undefined;
  readonly memory_usage: number | undefined;
  readonly active_connections: number;
}

/** Six bytes of the id's hash, cpu and memory in halves of a percent, three bytes of connections. */
const ENTRY_BYTES = 11;
const HASH_BYTES = 6;
const UNKNOWN = 255;
const MOST_CONNECTIONS = 0xff_ff_ff;

function hashOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, HASH_BYTES);
}

/** Packs the nodes of a cell: 11 bytes each, so that 64 of them are one write unit. */
export function pack(nodes: Iterable<readonly [id: string, sample: Sample]>): Uint8Array {
  const all = [...nodes];
  const bytes = Buffer.alloc(all.length * ENTRY_BYTES);
  let at = 0;
  for (const [id, { cpu_usage, memory_usage, active_connections }] of all) {
    at = bytes.writeUIntBE(hashOf(id), at, HASH_BYTES);
    at = bytes.writeUInt8(packPercent(cpu_usage), at);
    at = bytes.writeUInt8(packPercent(memory_usage), at);
    at = bytes.writeUIntBE(Math.min(MOST_CONNECTIONS, Math.max(0, Math.round(active_connections))), at, 3);
  }
  return bytes;
}

function packPercent(percent: number | undefined): number {
  return percent === undefined ? UNKNOWN : Math.round(Math.min(100, Math.max(0, percent)) * 2);
}

/** A reader of one node's entries, or null where it is not in. */
export function unpacker(id: string): (packed: Uint8Array) => Sample | null {
  const hash = hashOf(id);
  return (packed) => {
    const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      if (bytes.readUIntBE(at, HASH_BYTES) !== hash) continue;
      return {
        cpu_usage: unpackPercent(bytes.readUInt8(at + HASH_BYTES)),
        memory_usage: unpackPercent(bytes.readUInt8(at + HASH_BYTES + 1)),
        active_connections: bytes.readUIntBE(at + HASH_BYTES + 2, 3),
      };
    }
    return null;
  };
}

function unpackPercent(byte: number): number | undefined {
  return byte === UNKNOWN ? undefined : byte / 2;
}
