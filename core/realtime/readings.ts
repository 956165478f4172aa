import { type CellState, Cells } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { type Event, Events } from "../events/index.ts";
import { iso } from "../id.ts";
import { statusOf } from "../nodes/index.ts";
import type { Broadcaster, Rhythm } from "./broadcaster.ts";
import { isIn } from "./matching.ts";
import { textOf } from "./message.ts";
import type { Subscription } from "./schema.ts";

/** Cells that are read for one message: it holds the readings of some three. */
const CELLS_A_MESSAGE = 6;

/** A node's health as its cell now has it. */
interface Reading {
  readonly node: string;
  readonly status: string;
  /** Geohash; undefined for a node without a position. */
  readonly place: string | undefined;
  /** Milliseconds since the epoch, of the observation. */
  readonly observedAt: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The newest readings of the cells that have waited longest, as many as there is room for (SPEC E7), as events that come after every fact
 * so far.
 *
 * @param room bytes
 */
export async function takeReadings(
  world: World,
  broadcaster: Broadcaster,
  rhythm: Rhythm,
  { cells: within }: Subscription,
  room: number,
): Promise<Event[]> {
  const next = [...rhythm.cells].slice(0, CELLS_A_MESSAGE);
  if (next.length === 0) return [];
  const states = new Map(
    (
      await Cells.read(
        world,
        next.map(([cell]) => cell),
      )
    ).map((state) => [state.cell, state]),
  );
  const events: Event[] = [];
  let bytes = 0;
  for (const [cell, told] of next) {
    const readings = readingsOf(states.get(cell));
    for (let at = told; at < readings.length; at++) {
      const reading = readings[at]!;
      if (isStale(broadcaster, reading)) continue;
      if (within && !(reading.place && isIn(within, reading.place))) continue;
      const event = eventOf(broadcaster, reading);
      bytes += Buffer.byteLength(textOf(event)) + 1;
      if (bytes > room) {
        rhythm.cells.set(cell, at);
        return events;
      }
      events.push(event);
    }
    rhythm.cells.delete(cell);
  }
  return events;
}

function readingsOf(state: CellState | undefined): Reading[] {
  const observed = state?.observed;
  if (!observed) return [];
  return state.members.flatMap((member) => {
    const seen = observed.nodes.get(member.id);
    if (!seen) return [];
    const status = statusOf(member.draining ? "draining" : "active", seen.health);
    const data = {
      id: member.id,
      name: member.name,
      status,
      cpu_usage: seen.cpu_usage ?? null,
      memory_usage: seen.memory_usage ?? null,
      active_connections: seen.active_connections,
      last_health_check: iso(observed.at),
    };
    return [{ node: member.id, status, place: Events.placeOfNode(member), observedAt: observed.at, data }];
  });
}

/** A change is told before its cell is written: what the cell still holds of before is no news. */
function isStale({ statuses }: Broadcaster, { node, status, observedAt }: Reading): boolean {
  const told = statuses.get(node);
  return told !== undefined && told.status !== status && observedAt <= told.at;
}

function eventOf(broadcaster: Broadcaster, { data, observedAt }: Reading): Event {
  const index = Events.FIRST_READING + broadcaster.readingsAtHead++;
  const id = Events.eventId({ ...broadcaster.head, index });
  return { type: "node_health_updated", id, at: iso(observedAt), data };
}
