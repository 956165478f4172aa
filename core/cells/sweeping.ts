import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../ctx.ts";
import type { Observation } from "../nodes/record.ts";
import { putItem } from "../store/index.ts";
import { type Directory, entryFor } from "./directory.ts";
import { CELLS } from "./items.ts";
import { keyOf, type Place, TREES } from "./key.ts";
import { decodeObservations, encodeObservations } from "./observation.ts";
import type { CellObservation, CellState, FleetSigns, NodeObservation, SweepUnit } from "./state.ts";
import {
  directoryKey,
  observationItem,
  observationKey,
  readItems,
  rosterKey,
  storeDirectory,
  writeId,
} from "./stored.ts";

/** Cells that one worker sweeps together: some 3 000 nodes. */
const UNIT_CELLS = 64;
const ATTEMPTS = 10;

/** Every occupied cell, in units of one directory each. */
export async function* units(world: World): AsyncGenerator<SweepUnit> {
  const pending: string[] = [...TREES];
  while (pending.length > 0) {
    const { directories } = await readItems(world, pending.splice(0, 100).map(directoryKey), true);
    for (const { prefix, entries } of directories.values()) {
      const cells = entries.filter((entry) => entry.kind === "cell").map((entry) => entry.prefix);
      for (const entry of entries) if (entry.kind === "directory") pending.push(entry.prefix);
      for (let start = 0; start < cells.length; start += UNIT_CELLS) {
        yield { directory: prefix, cells: cells.slice(start, start + UNIT_CELLS) };
      }
    }
  }
}

/** The cells that hold these nodes now, as units, each with the ids it holds. A node that no cell covers is left out. */
export async function unitsOf(
  world: World,
  places: readonly Place[],
): Promise<{ unit: SweepUnit; ids: string[] }[]> {
  const byDirectory = new Map<string, { cells: Set<string>; ids: string[] }>();
  for (const [id, { directory, cell }] of await cellsOf(world, places)) {
    const held = byDirectory.get(directory) ?? { cells: new Set<string>(), ids: [] };
    held.cells.add(cell);
    held.ids.push(id);
    byDirectory.set(directory, held);
  }
  return [...byDirectory].map(([directory, { cells, ids }]) => ({
    unit: { directory, cells: [...cells] },
    ids,
  }));
}

async function cellsOf(
  world: World,
  places: readonly Place[],
): Promise<Map<string, { directory: string; cell: string }>> {
  const directories = new Map<string, Directory>();
  const found = new Map<string, { directory: string; cell: string }>();
  const keys = new Map(places.map((place) => [place.id, keyOf(place)]));
  let wanted = new Set([...keys.values()].map((key) => key[0]!));
  let at = new Map([...keys].map(([id, key]) => [id, key[0]!]));
  while (wanted.size > 0) {
    const read = await readItems(world, [...wanted].map(directoryKey), true);
    for (const [prefix, directory] of read.directories) directories.set(prefix, directory);
    wanted = new Set();
    const next = new Map<string, string>();
    for (const [id, prefix] of at) {
      const directory = directories.get(prefix);
      const entry = directory && entryFor(directory, keys.get(id)!);
      if (entry?.kind === "cell") found.set(id, { directory: prefix, cell: entry.prefix });
      if (entry?.kind === "directory") {
        next.set(id, entry.prefix);
        wanted.add(entry.prefix);
      }
    }
    at = next;
  }
  return found;
}

/** Cells, whole, as last written; those that are no more are left out. */
export async function read(world: World, cells: readonly string[]): Promise<CellState[]> {
  const found = await readItems(
    world,
    cells.flatMap((cell) => [rosterKey(cell), observationKey(cell)]),
    true,
  );
  return cells.flatMap((cell) => {
    const roster = found.rosters.get(cell);
    if (!roster) return [];
    const stored = found.observations.get(cell);
    const observed: CellObservation | null = stored
      ? {
          version: stored.version,
          wave: stored.wave,
          at: stored.at,
          nodes: decodeObservations(stored.packed, roster.members),
        }
      : null;
    return [{ cell, rosterVersion: roster.version, members: roster.members, observed }];
  });
}

/**
 * Writes what a sweep saw of a cell: one put, on the version that was read.
 *
 * @returns the new version; null when another sweep was first, or the cell was split or merged meanwhile.
 */
export async function writeObservation(
  world: World,
  cell: string,
  previous: Pick<CellObservation, "version"> | null,
  next: { wave: number; at: number; nodes: ReadonlyMap<string, NodeObservation> },
): Promise<number | null> {
  const version = (previous?.version ?? 0) + 1;
  const item = observationItem(cell, {
    version,
    wave: next.wave,
    at: next.at,
    packed: encodeObservations(next.nodes),
  });
  const written = await putItem(
    world.store,
    CELLS,
    { ...item, write_id: writeId(world) },
    previous
      ? {
          expression: "#version = :read",
          names: { "#version": "version" },
          values: { ":read": previous.version },
        }
      : { expression: "attribute_not_exists(#version)", names: { "#version": "version" } },
  );
  return written ? version : null;
}

/** Tells routers which cells of a directory moved: the versions of their observations after a sweep. */
export async function publish(
  world: World,
  directory: string,
  versions: ReadonlyMap<string, number>,
): Promise<void> {
  await rewrite(world, directory, (read) => {
    let moved = false;
    const entries = read.entries.map((entry) => {
      const version = versions.get(entry.prefix);
      if (version === undefined || entry.observedVersion === (version & 0xffff)) return entry;
      moved = true;
      return { ...entry, observedVersion: version & 0xffff };
    });
    return moved ? { entries } : null;
  });
}

/** Publishes what all routers must know, in the root directory, which each of them reads again every few seconds. */
export async function publishSigns(world: World, signs: FleetSigns): Promise<void> {
  await rewrite(world, "g", (_, before) =>
    JSON.stringify(before) === JSON.stringify(signs) ? null : { signs },
  );
}

/** Reads a directory, changes it, and writes it on its revision, again and again until it was first. `change` gives null for nothing to do. */
async function rewrite(
  world: World,
  prefix: string,
  change: (
    directory: Directory,
    signs: FleetSigns | undefined,
  ) => { entries?: Directory["entries"]; signs?: FleetSigns } | null,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(world.random() * 10 * 2 ** attempt);
    const found = await readItems(world, [directoryKey(prefix)], true);
    const directory = found.directories.get(prefix) ?? { prefix, revision: 0, entries: [] };
    const changed = change(directory, found.signs);
    if (!changed) return;
    const next = { ...directory, entries: changed.entries ?? directory.entries };
    if (await storeDirectory(world, next, changed.signs ?? found.signs)) return;
  }
  // Routers see it with the next sweep, which publishes anew.
  world.log.warn("A directory could not be published: others kept being first", { directory: prefix });
}

/** What the last sweep saw of these nodes, by id; a node not seen in its present activation is left out. */
export async function observe(
  world: World,
  nodes: readonly (Place & { readonly epoch: number })[],
): Promise<Map<string, Observation>> {
  const cells = await cellsOf(world, nodes);
  const keys = [...new Set([...cells.values()].map(({ cell }) => cell))].map(observationKey);
  const { observations } = await readItems(world, keys, true);
  const seen = new Map<string, Observation>();
  for (const node of nodes) {
    const stored = observations.get(cells.get(node.id)?.cell ?? "");
    const observation = stored && decodeObservations(stored.packed, [node]).get(node.id);
    if (!stored || !observation) continue;
    const { health, cpu_usage, memory_usage, active_connections, active_agents, failures } = observation;
    seen.set(node.id, {
      health,
      cpu_usage,
      memory_usage,
      active_connections,
      active_agents,
      consecutive_failures: failures,
      last_health_check: stored.at,
    });
  }
  return seen;
}
