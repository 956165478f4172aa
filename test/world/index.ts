import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { type Config, readConfig } from "../../core/config.ts";
import type { Log, World } from "../../core/ctx.ts";
import { createOutbound, type Outbound } from "../../core/outbound/index.ts";
import { openStore } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { passingSealer } from "../../scripts/local/passing-sealer.ts";
import { createTable } from "../../scripts/local/tables.ts";

export {
  type Account,
  account,
  type Credentials,
  credentials,
  joinToken,
  nodeKey,
  PASSWORD,
  serviceKey,
} from "./credentials.ts";
export { adminCtx } from "./ctx.ts";

export interface TestWorld extends World {
  close(): Promise<void>;
}

export interface WorldOverrides {
  readonly config?: Partial<Config>;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly outbound?: Outbound;
  readonly log?: Log;
}

const silent: Log = { info() {}, warn() {}, error() {} };

/** A world of its own for a suite: fresh tables in DynamoDB Local, loopback allowed, real clients. */
export async function openTestWorld(overrides: WorldOverrides = {}): Promise<TestWorld> {
  const config: Config = {
    ...readConfig({
      DYNAMODB_ENDPOINT: inject("dynamodbEndpoint"),
      ARX_TABLE_PREFIX: `t${randomBytes(6).toString("hex")}`,
      ARX_ALLOW_LOOPBACK: "true",
    }),
    ...overrides.config,
  };
  const store = openStore(config);
  await Promise.all(TABLES.map((spec) => createTable(store.doc, spec, store.table(spec))));
  const outbound = overrides.outbound ?? createOutbound({ allowLoopback: config.ARX_ALLOW_LOOPBACK });
  return {
    config,
    store,
    outbound,
    sealer: passingSealer(),
    log: overrides.log ?? silent,
    now: overrides.now ?? Date.now,
    random: overrides.random ?? Math.random,
    memory: new Map(),
    async close() {
      outbound.close();
      store.close();
    },
  };
}

/** The same world as another process sees it: nothing in memory. */
export function coldWorld<W extends World>(world: W): W {
  return { ...world, memory: new Map() };
}
