import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { AUDIT } from "../../core/audit/items.ts";
import type { World } from "../../core/ctx.ts";
import { CREDENTIALS } from "../../core/keys/items.ts";
import { LIMITS } from "../../core/limits/items.ts";
import type { Item, TableSpec } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";

/** Every item of a table, newest writes included. */
export async function itemsOf({ store }: World, spec: TableSpec): Promise<Item[]> {
  const found: Item[] = [];
  let start: Item | undefined;
  do {
    const { Items, LastEvaluatedKey } = await store.doc.send(
      new ScanCommand({ TableName: store.table(spec), ExclusiveStartKey: start, ConsistentRead: true }),
    );
    found.push(...(Items ?? []));
    start = LastEvaluatedKey;
  } while (start);
  return found;
}

/** What a call writes down though it changes nothing: what was counted, and that it was refused. */
const NOTED: readonly TableSpec[] = [LIMITS, AUDIT];

/**
 * The content of all tables, an entry for each item, besides what was counted, the audit, and when a key was last used: two of the same
 * content are equal.
 */
export async function contentOf(world: World): Promise<readonly string[]> {
  const tables = await Promise.all(
    TABLES.filter((spec) => !NOTED.includes(spec)).map(async (spec) =>
      (await itemsOf(world, spec)).map((item) => `${spec.name} ${textOf(spec, item)}`),
    ),
  );
  return tables.flat().toSorted();
}

function textOf(spec: TableSpec, item: Item): string {
  return JSON.stringify(spec === CREDENTIALS ? withoutUse(item) : item, (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    // An update leaves the same attributes in another order.
    return isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(byName)) : value;
  });
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1);

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** What is in one content and not in the other. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((one) => !is.has(one)).map((one) => `gone: ${one}`),
    ...after.filter((one) => !was.has(one)).map((one) => `new: ${one}`),
  ];
}

/** Noting a use is a change of a node's keys, and counts their version up. */
function withoutUse(item: Item): Item {
  const rest = without(item, "last_used_at", "version");
  if (!rest.keys) return rest;
  const keys = Object.entries(rest.keys as Record<string, Item>);
  return { ...rest, keys: Object.fromEntries(keys.map(([id, key]) => [id, without(key, "last_used_at")])) };
}

function without(item: Item, ...names: string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
}
