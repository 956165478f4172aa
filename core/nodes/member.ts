import { isDeepStrictEqual } from "node:util";
import type { Member, Source, Touch } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { allNodes, getNodes } from "./items.ts";
import { isWatched } from "./lifecycle.ts";
import { type NodeRecord, probeUrlOf } from "./record.ts";

/** What the cells shall hold of a node; null when it is not watched. */
export function memberOf(record: NodeRecord): Member | null {
  if (!isWatched(record.desired_state)) return null;
  return {
    id: record.id,
    name: record.name,
    lat: record.lat,
    lng: record.lng,
    endpoint: record.endpoint,
    probe_url: probeUrlOf(record),
    role: record.role,
    region: record.region,
    provider: record.provider,
    labels: record.labels,
    services: record.services,
    service_radius_km: record.service_radius_km,
    capacity: record.capacity,
    draining: record.desired_state === "draining",
    drain_deadline: record.drain_deadline,
    epoch: record.epoch,
  };
}

/** What a change of a node's record means for the cells. null stands for no node: before it was made, after it was deleted. */
export function touchOf(before: NodeRecord | null, after: NodeRecord | null): Touch {
  const records = [before, after].filter((record) => record !== null);
  if (!records[0]) throw new TypeError("A change has a record before it or after it.");
  return { id: records[0].id, places: records.map(({ lat, lng }) => ({ lat, lng })) };
}

/** Whether a change of a node alters what the cells hold of it: a flip of its health does not. */
export function concernsCells(before: NodeRecord | null, after: NodeRecord | null): boolean {
  return !isDeepStrictEqual(before && memberOf(before), after && memberOf(after));
}

/** The truth about nodes, as the cells ask for it: read consistently. */
export function memberSource(world: Pick<World, "store">): Source {
  return async (ids) => {
    const records = await getNodes(world.store, ids, { consistent: true });
    const members = new Map<string, Member | null>(ids.map((id) => [id, null]));
    for (const record of records) members.set(record.id, memberOf(record));
    return members;
  };
}

/** All watched nodes, and each as it is now: what the cells are rebuilt from. */
export function truth(world: Pick<World, "store">): { all: () => AsyncIterable<Member>; source: Source } {
  return {
    async *all() {
      for await (const record of allNodes(world.store)) {
        const member = memberOf(record);
        if (member) yield member;
      }
    },
    source: memberSource(world),
  };
}
