import type { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import { expect } from "vitest";
import { type Draft, newDraft, remove, splitFull, upsert } from "../../core/cells/edit.ts";
import type { Member } from "../../core/cells/index.ts";
import { hashOf, keyOf } from "../../core/cells/key.ts";
import { decodeObservations, encodeObservations } from "../../core/cells/observation.ts";
import { directoryItem, observationItem, rosterItem } from "../../core/cells/stored.ts";
import { readConfig } from "../../core/config.ts";
import type { World } from "../../core/ctx.ts";
import type { Position } from "../../core/geo/index.ts";
import type { Item } from "../../core/store/index.ts";
import { passingSealer } from "../../scripts/local/passing-sealer.ts";
import { member } from "./fleet.ts";

export const TTL_MS = 2000;
/** Milliseconds by which a read that is not consistent may lag behind, each item by its own. */
export const LAG_MS = 400;

/** Cells in memory, whose reads may lag. Writing them is the shipped code, one change after the other. */
export class LaggingCells {
  now = 1_000_000;
  readonly members = new Map<string, Member>();
  readonly #versions = new Map<string, { at: number; item: Item | undefined }[]>();
  readonly #revisions = new Map<string, number>();
  #draft: Draft = newDraft(1);
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
    this.#draft.directories.set("g", { prefix: "g", revision: 0, entries: [] });
  }

  edit(change: (draft: Draft) => void): void {
    const { directories, rosters, observations } = this.#draft;
    const firstVersion = 1 + Math.floor(this.#random() * 2 ** 31);
    this.#draft = { ...newDraft(firstVersion), directories, rosters, observations };
    change(this.#draft);
    splitFull(this.#draft);
    this.#commit();
  }

  /** Places many at once, in empty cells. */
  plant(members: readonly Member[]): void {
    for (const one of members) this.members.set(one.id, one);
    this.edit((draft) => {
      draft.rosters.set("g", { cell: "g", version: 1, members });
      draft.changedRosters.add("g");
    });
  }

  put(one: Member): void {
    const before = this.members.get(one.id);
    this.members.set(one.id, one);
    this.edit((draft) => {
      if (before && keyOf(before) !== keyOf(one)) remove(draft, keyOf(before), one.id);
      upsert(draft, one);
    });
  }

  drop(...ids: readonly string[]): void {
    this.edit((draft) => {
      for (const id of ids) {
        const before = this.members.get(id);
        if (before) remove(draft, keyOf(before), id);
        this.members.delete(id);
      }
    });
  }

  /** Sweeps cells: those in the same share of all as `part` says see these nodes healthy, and all others unhealthy. */
  sweep(part: number, isHealthy: (id: string) => boolean): void {
    const { directories, rosters, observations } = this.#draft;
    const swept = [...rosters].filter(([cell, roster]) => roster && hashOf(cell)[0]! % 4 <= part);
    const versions = new Map<string, number>();
    for (const [cell, roster] of swept) {
      const version = (observations.get(cell)?.version ?? Math.floor(this.#random() * 2 ** 31)) + 1;
      const nodes = new Map(
        roster!.members.map((one) => [one.id, observed(isHealthy(one.id) ? "healthy" : "unhealthy")]),
      );
      const observation = { version, wave: version, at: this.now, packed: encodeObservations(nodes) };
      observations.set(cell, observation);
      this.#write(`c#${cell}`, "observed", observationItem(cell, observation));
      versions.set(cell, version & 0xffff);
    }
    this.edit((draft) => {
      for (const [prefix, directory] of directories) {
        const entries = directory.entries.map((entry) => ({
          ...entry,
          observedVersion: versions.get(entry.prefix) ?? entry.observedVersion,
        }));
        directories.set(prefix, { ...directory, entries });
        draft.changedDirectories.add(prefix);
      }
    });
  }

  /** Who was seen healthy in the cell it is in now. */
  healthy(): Member[] {
    return [...this.#draft.rosters].flatMap(([cell, roster]) => {
      const observation = this.#draft.observations.get(cell);
      if (!roster || !observation) return [];
      const nodes = decodeObservations(observation.packed, roster.members);
      return roster.members.filter((one) => nodes.get(one.id)?.health === "healthy");
    });
  }

  world(): World {
    const send = async ({ input }: BatchGetCommand) => {
      const [[table, asked]] = Object.entries(input.RequestItems!) as unknown as [[string, Asked]];
      const found = asked.Keys.flatMap(
        ({ cell, part }) => this.#read(cell, part, asked.ConsistentRead) ?? [],
      );
      return { Responses: { [table]: found } };
    };
    return {
      config: readConfig({ ROUTE_CACHE_TTL_MS: String(TTL_MS) }),
      store: { doc: { send }, table: () => "cells" } as unknown as World["store"],
      outbound: { request: () => Promise.reject(new Error("Nothing is dialled.")), close: () => {} },
      sealer: passingSealer(),
      log: { info() {}, warn: (message) => expect.fail(message), error: (message) => expect.fail(message) },
      now: () => this.now,
      random: this.#random,
      memory: new Map(),
    };
  }

  #commit(): void {
    const { directories, rosters, observations, changedDirectories, changedRosters, carried } = this.#draft;
    for (const prefix of changedDirectories) {
      const directory = directories.get(prefix)!;
      const isGone = prefix.length > 1 && directory.entries.length === 0;
      const revision = (this.#revisions.get(prefix) ?? this.now - 1) + 1;
      this.#write(
        `d#${prefix}`,
        "directory",
        isGone ? undefined : directoryItem(directory, revision, undefined),
      );
      if (isGone) this.#revisions.delete(prefix);
      else this.#revisions.set(prefix, revision);
      if (isGone) directories.delete(prefix);
    }
    for (const cell of changedRosters) {
      const roster = rosters.get(cell);
      this.#write(`c#${cell}`, "roster", roster ? rosterItem(roster) : undefined);
      const observation = observations.get(cell);
      if (!roster) this.#write(`c#${cell}`, "observed", undefined);
      else if (observation && carried.has(cell)) {
        this.#write(`c#${cell}`, "observed", observationItem(cell, observation));
      }
      if (!roster) rosters.delete(cell);
      if (!roster) observations.delete(cell);
    }
  }

  #write(cell: string, part: string, item: Item | undefined): void {
    const key = `${cell}|${part}`;
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), { at: this.now, item }]);
  }

  #read(cell: string, part: string, consistent: boolean): Item | undefined {
    const asOf = consistent ? this.now : this.now - Math.floor(this.#random() * LAG_MS);
    return this.#versions.get(`${cell}|${part}`)?.findLast(({ at }) => at <= asOf)?.item;
  }
}

interface Asked {
  readonly Keys: readonly { readonly cell: string; readonly part: string }[];
  readonly ConsistentRead: boolean;
}

function observed(health: "healthy" | "unhealthy") {
  const load = { cpu_usage: 1, memory_usage: 1, active_connections: 0, active_agents: 0 };
  return { ...load, epoch: 1, health, failures: 0, successes: 0 };
}

/** A member with a name so long and random that half a dozen fill a cell. */
export function wideMember(id: string, { lat, lng }: Position, random: () => number): Member {
  const letter = () => String.fromCharCode(40 + Math.floor(random() * 64));
  return member(id, lat, lng, { name: Array.from({ length: 1400 }, letter).join("") });
}

/** `count` such members in one city: enough for finer directories, and at 1 700 for still finer ones. */
export function crowd(count: number, random: () => number): Member[] {
  const at = () => ({ lat: 40 + 0.6 * random(), lng: -74 + 0.6 * random() });
  return Array.from({ length: count }, (_, i) => wideMember(`n${100 + i}`, at(), random));
}

/** Numbers in [0, 1) that repeat (mulberry32, T. Ettinger 2017). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
