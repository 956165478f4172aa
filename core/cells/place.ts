import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../ctx.ts";
import { type TransactItem, transact, transactDelete, transactPut } from "../store/index.ts";
import { entryFor } from "./directory.ts";
import { type Draft, directoryFor, dropFiner, newDraft, remove, splitFull, upsert } from "./edit.ts";
import { CELLS } from "./items.ts";
import { keyOf, siblingOf } from "./key.ts";
import type { Source, Touch } from "./member.ts";
import { MERGE_MEMBERS } from "./roster.ts";
import type { FleetSigns } from "./state.ts";
import {
  directoryKey,
  observationItem,
  observationKey,
  putDirectory,
  readItems,
  rosterItem,
  rosterKey,
} from "./stored.ts";

/** Nodes settled in one transaction, which may hold 100 items: a node takes two or three, more where its cell splits. */
const AT_ONCE = 25;
const TRANSACTION_ITEMS = 100;
const ATTEMPTS = 8;

/**
 * Brings the cells in line with the truth about some nodes. Whatever order, however often: the truth is read after the directories and
 * written on their revisions, so that of two at work on one node the later one sees what the earlier one did.
 *
 * @returns false when others kept being first; whoever needs it done (the nodes' stream) tries again.
 */
export async function reflect(world: World, touches: readonly Touch[], source: Source): Promise<boolean> {
  let settled = true;
  for (let start = 0; start < touches.length; start += AT_ONCE) {
    settled = (await reflectSome(world, touches.slice(start, start + AT_ONCE), source)) && settled;
  }
  return settled;
}

async function reflectSome(world: World, touches: readonly Touch[], source: Source): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(world.random() * 20 * 2 ** attempt);
    const { draft, signs, members } = await load(world, touches, source);
    for (const { id, places } of touches) {
      const member = members.get(id);
      const home = member ? keyOf(member) : undefined;
      for (const key of new Set(places.map((place) => keyOf({ id, ...place })))) {
        if (key !== home) remove(draft, key, id);
      }
      if (member) upsert(draft, member);
    }
    splitFull(draft);
    const writes = writesOf(world, draft, signs);
    if (writes.length > TRANSACTION_ITEMS && touches.length > 1) {
      const half = touches.length >> 1;
      const first = await reflectSome(world, touches.slice(0, half), source);
      return (await reflectSome(world, touches.slice(half), source)) && first;
    }
    if (writes.length === 0 || (await transact(world.store, writes))) return true;
  }
  return false;
}

interface Loaded {
  readonly draft: Draft;
  readonly signs: Map<string, FleetSigns>;
  readonly members: Awaited<ReturnType<Source>>;
}

/** Directories first, then the truth, then the cells: see `reflect` for why in this order. */
async function load(world: World, touches: readonly Touch[], source: Source): Promise<Loaded> {
  const draft = newDraft(1 + Math.floor(world.random() * 2 ** 31));
  const signs = new Map<string, FleetSigns>();
  const keys = new Set(touches.flatMap(({ id, places }) => places.map((place) => keyOf({ id, ...place }))));
  for (;;) {
    await loadDirectories(world, draft, signs, keys);
    const members = await source(touches.map((touch) => touch.id));
    const homes = [...members.values()].flatMap((member) => (member ? [keyOf(member)] : []));
    if (homes.every((key) => keys.has(key))) {
      await loadCells(world, draft, keys);
      return { draft, signs, members };
    }
    for (const key of homes) keys.add(key);
  }
}

/** Reads every directory on the way down to the keys. */
async function loadDirectories(
  world: World,
  draft: Draft,
  signs: Map<string, FleetSigns>,
  keys: ReadonlySet<string>,
): Promise<void> {
  let wanted = new Set([...keys].map((key) => key[0]!).filter((tree) => !draft.directories.has(tree)));
  for (;;) {
    const found = await readItems(world, [...wanted].map(directoryKey), true);
    for (const prefix of wanted) {
      const directory = found.directories.get(prefix);
      // Gone meanwhile, or lost: the one above is written without it, which fails if it was merely read too early.
      if (!directory && prefix.length > 1) dropFiner(draft, prefix);
      else draft.directories.set(prefix, directory ?? { prefix, revision: 0, entries: [] });
    }
    if (found.signs) signs.set("g", found.signs);
    wanted = new Set();
    for (const key of keys) {
      const entry = entryFor(directoryFor(draft, key), key);
      if (entry?.kind === "directory") wanted.add(entry.prefix);
    }
    if (wanted.size === 0) return;
  }
}

async function loadCells(world: World, draft: Draft, keys: ReadonlySet<string>): Promise<void> {
  const cells = new Set<string>();
  for (const key of keys) {
    const directory = directoryFor(draft, key);
    const entry = entryFor(directory, key);
    if (!entry) continue;
    cells.add(entry.prefix);
    const sibling = siblingOf(entry.prefix);
    const half = directory.entries.find((one) => one.prefix === sibling);
    if (half?.kind === "cell" && half.count + entry.count <= MERGE_MEMBERS + AT_ONCE) cells.add(half.prefix);
  }
  const found = await readItems(
    world,
    [...cells].flatMap((cell) => [rosterKey(cell), observationKey(cell)]),
    true,
  );
  for (const [cell, roster] of found.rosters) draft.rosters.set(cell, roster);
  for (const [cell, observation] of found.observations) draft.observations.set(cell, observation);
}

function writesOf(world: World, draft: Draft, signs: ReadonlyMap<string, FleetSigns>): TransactItem[] {
  const writes: TransactItem[] = [];
  for (const prefix of draft.changedDirectories) {
    writes.push(putDirectory(world, draft.directories.get(prefix)!, signs.get(prefix)));
  }
  for (const cell of draft.changedRosters) {
    const roster = draft.rosters.get(cell);
    if (roster) {
      writes.push(transactPut(world.store, CELLS, rosterItem(roster)));
      const observation = draft.observations.get(cell);
      if (observation && draft.carried.has(cell)) {
        writes.push(transactPut(world.store, CELLS, observationItem(cell, observation)));
      }
    } else {
      writes.push(transactDelete(world.store, CELLS, rosterKey(cell)));
      writes.push(transactDelete(world.store, CELLS, observationKey(cell)));
    }
  }
  return writes;
}
