import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { type Config, readConfig } from "../../core/config.ts";
import type { Ctx, Log, World } from "../../core/ctx.ts";
import { createOutbound, type Outbound } from "../../core/outbound/index.ts";
import { openStore } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { createTable } from "../../scripts/local/tables.ts";

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
      ARX_ADMIN_KEY: "test-admin-key-0123456789",
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

export function adminCtx(world: World): Ctx {
  return { ...world, actor: { kind: "admin", id: "test" }, requestId: "test" };
}

/** The same world as another process sees it: nothing in memory. */
export function coldWorld<W extends World>(world: W): W {
  return { ...world, memory: new Map() };
}
