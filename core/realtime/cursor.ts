import type { World } from "../ctx.ts";
import { Events } from "../events/index.ts";
import type { SnapshotReason } from "./message.ts";

/** Where a subscription begins: after a cursor, or, with the reason why that can't be, at the log's end. */
export interface Start {
  /** Everything up to this id is known to the client. */
  readonly after: string;
  readonly head: { readonly seq: number; readonly at: number };
  readonly reason?: SnapshotReason;
}

/** Where to begin for a client that saw everything up to `since`, or nothing (SPEC R3, R4). */
export async function startAt(world: World, since: string | undefined): Promise<Start> {
  const head = await Events.head(world);
  const end = Events.endOf(head);
  if (since === undefined || since === end) return { after: end, head };
  const place = Events.placeOf(since);
  if (!place || place.seq > head.seq) return { after: end, head, reason: "unknown_cursor" };
  if (place.seq === head.seq && place.at === head.at) return { after: since, head };
  if (place.at < world.now() - Events.KEPT_S * 1000) return { after: end, head, reason: "too_old" };
  const [entry] = await Events.readAfter(world, place.seq - 1, 1);
  // A cursor from before the log's first entry names none; one that names an entry names its time too.
  const isOurs =
    entry === undefined || (entry.seq > place.seq ? entry.at >= place.at : entry.at === place.at);
  return isOurs ? { after: since, head } : { after: end, head, reason: "unknown_cursor" };
}
