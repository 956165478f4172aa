import { createHash } from "node:crypto";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import {
  deleteItem,
  type Item,
  isLostCondition,
  putItem,
  queryAll,
  type Store,
  storeFault,
  type TableSpec,
} from "../store/index.ts";

/**
 * The fleet as a whole, by these access patterns:
 *
 * - what a wave counted, added to by each of its units, and the wave before it → `sweeps`, `at` = the wave's second
 * - whether the fleet is protected → `sweeps`, `at` = "state", so that one query answers both
 * - which routers are alive, and how much they route → `routers`, `at` = the router's id
 */
export const FLEET: TableSpec = {
  name: "fleet",
  partitionKey: "scope",
  sortKey: "at",
  ttl: "expires_at",
};

const SWEEPS = "sweeps";
const ROUTERS = "routers";
/** Sorts behind every second. */
const STATE = "state";
const TALLY_KEPT_S = 86_400;
const ROUTER_KEPT_S = 120;

export interface TallyItem {
  readonly wave: number;
  readonly pool: number;
  readonly failing: number;
  readonly probed: number;
  /** Connections that its nodes had. */
  readonly connections: number;
  readonly units: number;
}

export interface StateItem {
  readonly protected: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The wave that it was last judged by. */
  readonly wave: number;
}

export interface RouterItem {
  readonly router: string;
  readonly routes_per_s: number;
  /** Milliseconds since the epoch. */
  readonly seen: number;
}

const second = (at: number) => String(at).padStart(12, "0");

/** A short name for a unit, by what is in it; a redelivered order has the same. */
export function unitKey(directory: string, cells: readonly string[]): string {
  return createHash("sha256")
    .update([directory, ...cells].join())
    .digest("base64url")
    .slice(0, 10);
}

/** Adds a unit's counts to its wave's tally, once. @returns the tally as it then is. */
export async function addToTally(
  store: Store,
  wave: number,
  unit: string,
  counts: Omit<TallyItem, "wave" | "units">,
): Promise<TallyItem> {
  try {
    const { Attributes } = await store.doc.send(
      new UpdateCommand({
        TableName: store.table(FLEET),
        Key: { scope: SWEEPS, at: second(wave) },
        UpdateExpression:
          "SET expires_at = :expires ADD #pool :pool, failing :failing, probed :probed, #connections :connections, #units :units",
        ConditionExpression: "NOT contains(#units, :unit)",
        ExpressionAttributeNames: { "#pool": "pool", "#connections": "connections", "#units": "units" },
        ExpressionAttributeValues: {
          ":pool": counts.pool,
          ":failing": counts.failing,
          ":probed": counts.probed,
          ":connections": counts.connections,
          ":unit": unit,
          ":units": new Set([unit]),
          ":expires": wave + TALLY_KEPT_S,
        },
        ReturnValues: "ALL_NEW",
      }),
    );
    return tallyOf(Attributes ?? {});
  } catch (error) {
    if (!isLostCondition(error)) throw storeFault(error);
    const { tallies } = await readSweeps(store, wave);
    return tallies.find((tally) => tally.wave === wave) ?? { wave, units: 0, ...counts };
  }
}

/** The tallies of waves since `fromWave`, oldest first, and the protection's state, newest writes included. */
export async function readSweeps(
  store: Store,
  fromWave: number,
): Promise<{ tallies: TallyItem[]; state: StateItem | null }> {
  const tallies: TallyItem[] = [];
  let state: StateItem | null = null;
  const items = queryAll(store, FLEET, {
    KeyConditionExpression: "#scope = :scope AND #at >= :from",
    ExpressionAttributeNames: { "#scope": "scope", "#at": "at" },
    ExpressionAttributeValues: { ":scope": SWEEPS, ":from": second(Math.max(0, fromWave)) },
    ConsistentRead: true,
  });
  for await (const item of items) {
    if (item.at === STATE) state = item as unknown as StateItem;
    else tallies.push(tallyOf(item));
  }
  return { tallies, state };
}

function tallyOf(item: Item): TallyItem {
  const { at, pool, failing, probed, connections, units } = item as Record<string, number> & {
    at: string;
    units?: Set<string>;
  };
  return {
    wave: Number(at),
    pool: pool ?? 0,
    failing: failing ?? 0,
    probed: probed ?? 0,
    connections: connections ?? 0,
    units: units?.size ?? 0,
  };
}

/** Writes the protection's state, unless a later wave has judged already. */
export function putState(store: Store, state: StateItem): Promise<boolean> {
  return putItem(
    store,
    FLEET,
    { scope: SWEEPS, at: STATE, ...state },
    {
      expression: "attribute_not_exists(#wave) OR #wave <= :wave",
      names: { "#wave": "wave" },
      values: { ":wave": state.wave },
    },
  );
}

export async function putRouter(store: Store, { router, routes_per_s, seen }: RouterItem): Promise<void> {
  const expires_at = Math.floor(seen / 1000) + ROUTER_KEPT_S;
  await putItem(store, FLEET, { scope: ROUTERS, at: router, routes_per_s, seen, expires_at });
}

export async function removeRouter(store: Store, router: string): Promise<void> {
  await deleteItem(store, FLEET, { scope: ROUTERS, at: router });
}

/** Every router that was heard of lately; TTL takes its time, so look at `seen`. */
export async function routers(store: Store): Promise<RouterItem[]> {
  const found: RouterItem[] = [];
  const items = queryAll(store, FLEET, {
    KeyConditionExpression: "#scope = :scope",
    ExpressionAttributeNames: { "#scope": "scope" },
    ExpressionAttributeValues: { ":scope": ROUTERS },
  });
  for await (const { at, routes_per_s, seen } of items) {
    found.push({ router: at as string, routes_per_s: routes_per_s as number, seen: seen as number });
  }
  return found;
}
