import { DeleteCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { expect } from "vitest";
import type { World } from "../../core/ctx.ts";
import { Events, type LogEntry } from "../../core/events/index.ts";
import { EVENTS } from "../../core/events/items.ts";

/** All entries after a number, however many pages they take. */
export async function allAfter(world: World, seq: number, page = 100): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (;;) {
    const entries = await Events.readAfter(world, all.at(-1)?.seq ?? seq, page);
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

/** E1, E8: numbers without holes, times that never go back, ids that sort and lead to their place. */
export function expectOneSequence(entries: readonly LogEntry[]): void {
  const first = entries[0]?.seq ?? 0;
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, n) => first + n));
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted((a, b) => a - b));
  const ids = entries.flatMap(({ facts }) => facts.map(({ id }) => id));
  expect(ids).toEqual([...new Set(ids)].toSorted());
  const places = entries.flatMap(({ seq, at, facts }) => facts.map((_, index) => ({ at, seq, index })));
  expect(ids.map(Events.placeOf)).toEqual(places);
}

/** Takes entries out of the log, as the end of their time does: those that `goes` says. */
export async function forget(world: World, goes: (seq: number) => boolean = () => true): Promise<void> {
  const TableName = world.store.table(EVENTS);
  for await (const { log, seq } of stored(world)) {
    if (log !== "log" || !goes(Number(seq))) continue;
    await world.store.doc.send(new DeleteCommand({ TableName, Key: { log, seq } }));
  }
}

/** Every item of the log's table, as it is stored. */
export async function* stored(world: World): AsyncGenerator<Record<string, unknown>> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await world.store.doc.send(
      new ScanCommand({ TableName: world.store.table(EVENTS), ExclusiveStartKey }),
    );
    yield* page.Items ?? [];
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
}
