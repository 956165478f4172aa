import { type Draft, newDraft, splitFull } from "../../../core/cells/edit.ts";
import type { Member } from "../../../core/cells/index.ts";
import { encodeObservations } from "../../../core/cells/observation.ts";
import { directoryItem, observationItem, rosterItem } from "../../../core/cells/stored.ts";
import type { Item } from "../../../core/store/index.ts";
import { seen } from "./fleet.ts";

/** The version that every roster has in a fleet that was placed at once; its observations are of version 1. */
const FIRST_VERSION = 1;

/** The cells that a fleet with positions comes to when it is placed: by the shipped code, with nothing read or written. */
export function cellsOf(members: readonly Member[]): Draft {
  const draft = newDraft(FIRST_VERSION);
  draft.directories.set("g", { prefix: "g", revision: 0, entries: [] });
  draft.rosters.set("g", { cell: "g", version: FIRST_VERSION, members });
  draft.changedRosters.add("g");
  splitFull(draft);
  return draft;
}

/** Every item of these cells, each node seen well at `at`. */
export function* itemsOf(draft: Draft, at: number, random: () => number): Generator<Item> {
  for (const directory of draft.directories.values()) {
    const entries = directory.entries.map((entry) => ({
      ...entry,
      observedVersion: entry.kind === "cell" ? 1 : 0,
    }));
    yield directoryItem({ ...directory, entries }, at, undefined);
  }
  for (const [cell, roster] of draft.rosters) {
    if (!roster) continue;
    const nodes = new Map(roster.members.map((member) => [member.id, seen(member, random)]));
    yield rosterItem(roster);
    yield observationItem(cell, { version: 1, wave: 1, at, packed: encodeObservations(nodes) });
  }
}
