import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { World } from "../ctx.ts";
import { deleteItem, type Key } from "../store/index.ts";
import { CELLS } from "./items.ts";
import type { Member, Source, Touch } from "./member.ts";
import { reflect } from "./place.ts";
import { sameMember } from "./roster.ts";
import { read, units } from "./sweeping.ts";

/** Where the truth is: every watched node, and any of them as it is now. */
export interface Truth {
  readonly all: () => AsyncIterable<Member>;
  readonly source: Source;
}

export interface Rebuilt {
  /** Watched nodes there are. */
  readonly nodes: number;
  /** Of these, those that the cells did not hold, or held otherwise. */
  readonly placed: number;
  /** Nodes that the cells held and that are not watched, or are gone. */
  readonly removed: number;
}

/** Nodes told to the cells at once. */
const BATCH = 100;

/**
 * Brings all cells in line with the nodes, while everything goes on: what is in line is only read. It is placing over again, so it may run
 * at any time, twice, or stop half-way.
 */
export async function rebuild(
  world: World,
  truth: Truth,
  progress: (so: Rebuilt) => void = () => {},
): Promise<Rebuilt> {
  const held = await allHeld(world);
  const so = { nodes: 0, placed: 0, removed: 0 };
  let touches: Touch[] = [];
  const flush = async () => {
    if (touches.length > 0 && !(await reflect(world, touches, truth.source))) {
      world.log.warn("Some nodes could not be placed: others kept being first; run the rebuild again");
    }
    touches = [];
    progress(so);
  };
  for await (const member of truth.all()) {
    so.nodes++;
    const places = held.get(member.id) ?? [];
    held.delete(member.id);
    if (places.length === 1 && sameMember(places[0]!, member)) continue;
    so.placed++;
    touches.push({ id: member.id, places: [...places, member] });
    if (touches.length === BATCH) await flush();
  }
  await flush();
  for (const [id, places] of held) {
    so.removed++;
    touches.push({ id, places });
    if (touches.length === BATCH) await flush();
  }
  await flush();
  return so;
}

async function allHeld(world: World): Promise<Map<string, Member[]>> {
  const held = new Map<string, Member[]>();
  for await (const unit of units(world)) {
    for (const { members } of await read(world, unit.cells)) {
      for (const member of members) held.set(member.id, [...(held.get(member.id) ?? []), member]);
    }
  }
  return held;
}

/** Deletes every cell and directory, for when they can't be read any more. Until the rebuild that must follow, nothing is routed to. */
export async function clear(world: World): Promise<number> {
  let deleted = 0;
  let start: Record<string, unknown> | undefined;
  do {
    const page = await world.store.doc.send(
      new ScanCommand({
        TableName: world.store.table(CELLS),
        ProjectionExpression: "cell, part",
        ExclusiveStartKey: start,
      }),
    );
    const keys = (page.Items ?? []) as Key[];
    await Promise.all(keys.map((key) => deleteItem(world.store, CELLS, key)));
    deleted += keys.length;
    start = page.LastEvaluatedKey;
  } while (start);
  return deleted;
}
