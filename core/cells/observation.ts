import { HEALTHS } from "../nodes/lifecycle.ts";
import { hashOf } from "./key.ts";
import type { NodeObservation } from "./state.ts";

/**
 * Bytes of one node's observation: 6 of its id's hash, epoch, health, cpu, memory (halves of a percent, 255 unknown), 3 of connections, 2 of
 * agents, failures, successes. By hash rather than by place, so that rosters and observations can change apart.
 */
export const OBSERVATION_BYTES = 17;

const HASH_BYTES = 6;
const UNKNOWN = 255;
const MAX_CONNECTIONS = 0xff_ff_ff;
const MAX_AGENTS = 0xff_ff;

export function encodeObservations(nodes: ReadonlyMap<string, NodeObservation>): Uint8Array {
  const bytes = Buffer.alloc(nodes.size * OBSERVATION_BYTES);
  let at = 0;
  for (const [id, node] of nodes) {
    hashOf(id).copy(bytes, at, 0, HASH_BYTES);
    at += HASH_BYTES;
    at = bytes.writeUInt8(node.epoch & 0xff, at);
    at = bytes.writeUInt8(HEALTHS.indexOf(node.health), at);
    at = bytes.writeUInt8(percent(node.cpu_usage), at);
    at = bytes.writeUInt8(percent(node.memory_usage), at);
    at = bytes.writeUIntBE(Math.min(node.active_connections, MAX_CONNECTIONS), at, 3);
    at = bytes.writeUIntBE(Math.min(node.active_agents, MAX_AGENTS), at, 2);
    at = bytes.writeUInt8(Math.min(node.failures, 255), at);
    at = bytes.writeUInt8(Math.min(node.successes, 255), at);
  }
  return bytes;
}

function percent(value: number | undefined): number {
  return value === undefined ? UNKNOWN : Math.round(Math.max(0, Math.min(100, value)) * 2);
}

/** The observations of those `ids` (by their epochs) that are packed; one of another activation is left out. */
export function decodeObservations(
  packed: Uint8Array,
  ids: readonly { readonly id: string; readonly epoch: number }[],
): Map<string, NodeObservation> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const places = new Map<number, number>();
  for (let at = 0; at + OBSERVATION_BYTES <= bytes.length; at += OBSERVATION_BYTES) {
    places.set(bytes.readUIntBE(at, HASH_BYTES), at + HASH_BYTES);
  }
  const found = new Map<string, NodeObservation>();
  for (const { id, epoch } of ids) {
    const at = places.get(hashOf(id).readUIntBE(0, HASH_BYTES));
    if (at === undefined || bytes.readUInt8(at) !== (epoch & 0xff)) continue;
    found.set(id, {
      epoch,
      health: HEALTHS[bytes.readUInt8(at + 1)] ?? "unknown",
      cpu_usage: halves(bytes.readUInt8(at + 2)),
      memory_usage: halves(bytes.readUInt8(at + 3)),
      active_connections: bytes.readUIntBE(at + 4, 3),
      active_agents: bytes.readUIntBE(at + 7, 2),
      failures: bytes.readUInt8(at + 9),
      successes: bytes.readUInt8(at + 10),
    });
  }
  return found;
}

function halves(value: number): number | undefined {
  return value === UNKNOWN ? undefined : value / 2;
}
