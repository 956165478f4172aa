import { type Event, Events } from "../events/index.ts";

/** What a message may have: API Gateway charges by 32 KB and sends no larger frame. */
export const MAX_MESSAGE_BYTES = 32 * 1024;

/** A message, and how far it leads. */
export interface Message {
  /** One event as a JSON object, or several as an array; null when there is nothing to say. */
  readonly text: string | null;
  /** Events that found room, of those given. */
  readonly count: number;
  /** Bytes that are left. */
  readonly room: number;
}

const texts = new WeakMap<Event, string>();

/** An event as it is sent. */
export function textOf(event: Event): string {
  let text = texts.get(event);
  if (text === undefined) {
    const { type, id, at, data } = event;
    text = JSON.stringify({ type, id, at, data });
    texts.set(event, text);
  }
  return text;
}

/** As many of `events`, from the first on, as one message holds. */
export function pack(events: readonly Event[]): Message {
  let bytes = 2;
  const parts: string[] = [];
  for (const event of events) {
    const text = textOf(event);
    const more = Buffer.byteLength(text) + 1;
    if (bytes + more > MAX_MESSAGE_BYTES && parts.length > 0) break;
    bytes += more;
    parts.push(text);
  }
  const text = parts.length > 1 ? `[${parts.join()}]` : (parts[0] ?? null);
  return { text, count: parts.length, room: MAX_MESSAGE_BYTES - bytes };
}

/** Of several tellings of a node's health only the newest: the one before it is no news any more. */
export function coalesced<E extends Event>(events: readonly E[]): E[] {
  const newest = new Map<unknown, E>();
  for (const event of events) if (event.type === "node_health_updated") newest.set(event.data.id, event);
  return events.filter(
    (event) => event.type !== "node_health_updated" || newest.get(event.data.id) === event,
  );
}

/** Where to get the state that events are changes of. */
const SNAPSHOT = ["/admin/api/v1/nodes", "/admin/api/v1/dashboard/metrics"] as const;

export type SnapshotReason = "too_old" | "unknown_cursor" | "too_far_behind";

/** Words of the connection itself, in the form of an event; `id` is a cursor where events go on from it. */
export function controlMessage(
  type: "subscribed" | "unsubscribed" | "pong" | "error",
  id: string,
  at: string,
  data: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({ type, id, at, data });
}

/** Says that events are missing, where to get the state instead, and (`id`) from where they go on. */
export function snapshotRequired(
  end: { readonly seq: number; readonly at: number },
  at: string,
  reason: SnapshotReason,
): string {
  const id = Events.endOf(end);
  return JSON.stringify({ type: "snapshot_required", id, at, data: { reason, snapshot: SNAPSHOT } });
}
