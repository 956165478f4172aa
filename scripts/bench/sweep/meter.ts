import type { Store } from "../../../core/store/index.ts";

/** Calls and units that the store was asked for, by table. */
export interface Metered {
  readonly calls: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Items written, by the short name of their table. */
  readonly written: ReadonlyMap<string, number>;
}

interface Capacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
}

interface Request {
  readonly input: Record<string, unknown> & { readonly TableName?: string };
}

const WRITES = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;

/** Counts what a store costs, by the units that DynamoDB itself reports. */
export function meter(store: Store): { readonly take: () => Metered } {
  let calls = 0;
  let readUnits = 0;
  let writeUnits = 0;
  let written = new Map<string, number>();

  store.doc.middlewareStack.add(
    (next, context) => async (args) => {
      const { input } = args as Request;
      const answer = await next({ ...args, input: { ...input, ReturnConsumedCapacity: "TOTAL" } });
      const reported = (answer.output as { ConsumedCapacity?: Capacity | Capacity[] }).ConsumedCapacity ?? [];
      const units = [reported].flat().reduce((sum, { CapacityUnits }) => sum + (CapacityUnits ?? 0), 0);
      calls += 1;
      if (WRITES.test(String(context.commandName))) {
        writeUnits += units;
        for (const table of tablesOf(input)) {
          const name = table.slice(table.lastIndexOf("-") + 1);
          written.set(name, (written.get(name) ?? 0) + 1);
        }
      } else readUnits += units;
      return answer;
    },
    { step: "initialize", name: "meter" },
  );

  return {
    take() {
      const metered = { calls, readUnits, writeUnits, written };
      calls = readUnits = writeUnits = 0;
      written = new Map();
      return metered;
    },
  };
}

/** The table of each item that a write names. */
function tablesOf(input: Request["input"]): string[] {
  if (input.TableName) return [input.TableName];
  const items = (input.TransactItems ?? []) as Record<string, { TableName: string }>[];
  const batches = Object.entries((input.RequestItems ?? {}) as Record<string, unknown[]>);
  return [
    ...items.flatMap((item) => Object.values(item).map(({ TableName }) => TableName)),
    ...batches.flatMap(([table, puts]) => puts.map(() => table)),
  ];
}
