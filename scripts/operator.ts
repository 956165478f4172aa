import { resolve } from "node:path";
import { readConfig } from "../core/config.ts";
import { type Ctx, systemCtx, type World } from "../core/ctx.ts";
import { newId } from "../core/id.ts";
import { createOutbound } from "../core/outbound/index.ts";
import { lazySealer, type Sealer } from "../core/sealing/index.ts";
import { openStore } from "../core/store/index.ts";
import { CannotStart } from "./local/cannot-start.ts";
import { openDataDirectory } from "./local/data-directory.ts";
import { startDynamoDbLocal } from "./local/dynamodb.ts";
import { localLog } from "./local/log.ts";

/** What an operator's command works on: the data of the local run, a deployed stage, or any other DynamoDB. */
export interface Place {
  readonly data: string;
  readonly stage: string | undefined;
}

/** The options that name a place, for `parseArgs`. */
export const PLACE = { data: { type: "string", default: ".arx" }, stage: { type: "string" } } as const;

type Closers = (() => Promise<void> | void)[];

/**
 * Runs an operator's command, and ends the process with 0, with 2 where it was not understood, or with 1; what was opened is closed.
 *
 * @param name of the command, which goes before what it complains of
 */
export async function operate(
  name: string,
  run: (open: (place: Place) => Promise<Ctx>) => Promise<void>,
): Promise<void> {
  const closers: Closers = [];
  try {
    await run(async (place) => {
      const world = await openWorld(name, place, closers);
      return systemCtx(world, name, newId(world));
    });
  } catch (error) {
    process.exitCode = complain(name, error);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function complain(name: string, error: unknown): number {
  const { code, message, kind } = error as { code?: string; message?: string; kind?: string };
  const isMisused = code?.startsWith("ERR_PARSE_ARGS") || kind === "invalid";
  console.error(`${name}:`, error instanceof CannotStart || isMisused || kind ? message : error);
  return error instanceof CannotStart ? error.exitCode : isMisused ? 2 : 1;
}

async function openWorld(name: string, place: Place, closers: Closers): Promise<World> {
  const { data, stage } = place;
  const endpoint = stage
    ? undefined
    : (process.env.DYNAMODB_ENDPOINT ?? (await localEndpoint(name, data, closers)));
  const config = readConfig({
    ...process.env,
    ...(stage ? { ARX_TABLE_PREFIX: `arx-${stage}` } : { DYNAMODB_ENDPOINT: endpoint }),
  });
  const store = openStore(config);
  const outbound = createOutbound({ allowLoopback: false });
  closers.push(
    () => store.close(),
    () => outbound.close(),
  );
  return {
    config,
    store,
    outbound,
    sealer: lazySealer(() => openSealer(place, config.ARX_SEALING_KEY)),
    log: localLog(name, true),
    now: Date.now,
    random: Math.random,
    memory: new Map(),
  };
}

async function localEndpoint(name: string, data: string, closers: Closers): Promise<string> {
  const directory = await openDataDirectory(data, `npm run ${name}`);
  closers.push(() => directory.lock.release());
  const database = await startDynamoDbLocal({ dataDir: directory.database });
  closers.push(() => database.stop());
  return database.endpoint;
}

/** The key that the functions there seal with: of a stage the one that the stacks made, of the local run the one beside its data. */
async function openSealer({ data, stage }: Place, key: string | undefined): Promise<Sealer> {
  const named = key ?? (stage && `alias/arx-${stage}-sealing`);
  if (named) {
    const { openKmsSealer } = await import("../functions/sealing.ts");
    return openKmsSealer(named);
  }
  const { keptSealingKey, openLocalSealer } = await import("./local/sealing.ts");
  return openLocalSealer(keptSealingKey(resolve(data)));
}
