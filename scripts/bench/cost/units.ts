import type { Store } from "../../../core/store/index.ts";

/** Units by the short name of the table. */
export type ByTable = ReadonlyMap<string, number>;

export interface Units {
  readonly read: ByTable;
  readonly written: ByTable;
}

interface Capacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
}

const WRITES = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;

interface Asked {
  readonly TableName?: string;
  readonly ConsistentRead?: boolean;
  readonly Keys?: readonly unknown[];
  readonly RequestItems?: Readonly<Record<string, Asked>>;
}

/**
 * Counts the units that a store's calls cost, as DynamoDB itself reports them, by table. A read that finds nothing is reported as nothing by
 * DynamoDB Local, and paid as the least read on AWS: so it is counted here. `take` gives the counts and begins anew.
 */
export function countUnits(store: Store): { readonly take: () => Units } {
  let read = new Map<string, number>();
  let written = new Map<string, number>();
  store.doc.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
      const reported = (answer.output as { ConsumedCapacity?: Capacity | Capacity[] }).ConsumedCapacity ?? [];
      const units = new Map<string, number>();
      for (const { TableName = "", CapacityUnits = 0 } of [reported].flat())
        units.set(TableName, CapacityUnits);
      const isWrite = WRITES.test(String(context.commandName));
      if (!isWrite) {
        for (const [table, least] of leastRead(args.input as Asked)) {
          units.set(table, Math.max(least, units.get(table) ?? 0));
        }
      }
      const into = isWrite ? written : read;
      for (const [name, count] of units) {
        const table = name.slice(name.indexOf("-") + 1);
        into.set(table, (into.get(table) ?? 0) + count);
      }
      return answer;
    },
    { step: "initialize", name: "units" },
  );
  return {
    take() {
      const taken = { read, written };
      read = new Map();
      written = new Map();
      return taken;
    },
  };
}

/** The least that a read costs by table: half a unit for each item asked for or query made, a whole one when it is consistent. */
function leastRead({ TableName, ConsistentRead, RequestItems }: Asked): [string, number][] {
  if (RequestItems) {
    return Object.entries(RequestItems).map(([table, { Keys = [], ConsistentRead }]) => [
      table,
      Keys.length * (ConsistentRead ? 1 : 0.5),
    ]);
  }
  return TableName ? [[TableName, ConsistentRead ? 1 : 0.5]] : [];
}

/** The units of all tables, or of those named. */
export function sumOf(units: ByTable, ...tables: readonly string[]): number {
  let sum = 0;
  for (const [table, one] of units) if (tables.length === 0 || tables.includes(table)) sum += one;
  return sum;
}
