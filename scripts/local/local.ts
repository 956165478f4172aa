import { randomBytes } from "node:crypto";
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { type Config, readConfig } from "../../core/config.ts";
import type { World } from "../../core/ctx.ts";
import { Invalid } from "../../core/errors.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { openStore, type Store } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { CannotStart } from "./cannot-start.ts";
import { openCheckpoints } from "./checkpoints.ts";
import { openDataDirectory } from "./data-directory.ts";
import { type DynamoDbLocal, patientClient, startDynamoDbLocal } from "./dynamodb.ts";
import { httpFunctions, type LocalFunctions } from "./functions.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "./gateway.ts";
import { type Identities, openIdentities } from "./identities.ts";
import { exchangeLine, localLog } from "./log.ts";
import type { LocalOptions } from "./options.ts";
import { passingSealer } from "./passing-sealer.ts";
import { keptSealingKey, openLocalSealer } from "./sealing.ts";
import { openSockets, type Sockets } from "./sockets.ts";
import { createTable } from "./tables.ts";
import { type Closers, startTriggers } from "./triggers.ts";

export interface LocalArx {
  readonly origin: string;
  readonly config: Config;
  readonly identities: Identities;
  /** Settles when something without which it can't go on has ended. */
  readonly broken: Promise<Error>;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts one whole Arx in this process: the gateway first (so that a taken port is known at once; it answers 503 until the rest is there),
 * then the database, the tables, and what triggers functions.
 *
 * @throws CannotStart saying in one line what is in the way. What had been started is stopped again.
 */
export async function startLocal(options: LocalOptions, env: Environment): Promise<LocalArx> {
  const closers: Closers = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    return await start(options, env, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: LocalOptions,
  env: Environment,
  closers: Closers,
  close: () => Promise<void>,
): Promise<LocalArx> {
  const asked = settings(options, env);
  let functions: LocalFunctions | undefined;
  let handlers: FunctionHandlers | undefined;
  const sockets = await openSockets({
    handler: () => functions?.realtime,
    log: localLog("realtime", options.verbose),
  });
  closers.push(() => sockets.close());
  const gateway = await openGateway(asked, options, sockets, () => handlers);
  closers.push(() => gateway.close());

  const directory = options.memory
    ? undefined
    : await openDataDirectory(options.data, `the Arx on ${gateway.origin}`);
  if (directory) closers.push(() => directory.lock.release());

  const database = asked.DYNAMODB_ENDPOINT
    ? undefined
    : await startDynamoDbLocal({ ...dataDir(directory?.database) });
  if (database) closers.push(() => database.stop());
  const endpoint = asked.DYNAMODB_ENDPOINT ?? database!.endpoint;
  const config: Config = {
    ...asked,
    SERVER_PORT: gateway.port,
    DYNAMODB_ENDPOINT: endpoint,
    ARX_REALTIME_ENDPOINT: sockets.endpoint,
  };

  const store = openStore(config);
  closers.push(() => store.close());
  await createTables(store, endpoint);
  if (isBorrowing(options, env)) closers.push(() => dropTables(store));

  const outbound = createOutbound({ allowLoopback: config.ARX_ALLOW_LOOPBACK });
  closers.push(() => outbound.close());
  const sealer = directory ? openLocalSealer(keptSealingKey(directory.path)) : passingSealer();
  const worldOf = (service: string): World => ({
    config,
    store,
    outbound,
    sealer,
    log: localLog(service, options.verbose),
    now: Date.now,
    random: Math.random,
    memory: new Map(),
  });
  const identities = await openIdentities(worldOf("local"), env, directory?.path);
  functions = await startTriggers(config, worldOf, openCheckpoints(directory?.checkpoints), closers);
  handlers = httpFunctions(functions);
  // First up, first down: what was asked is answered while all that it needs is there.
  closers.push(...closers.splice(0, 2));
  return { origin: gateway.origin, config, identities, broken: brokenBy(database), close };
}

function settings(options: LocalOptions, env: Environment): Config {
  try {
    return readConfig({
      ...(options.demo ? { HEALTH_CHECK_INTERVAL: "5" } : {}),
      ...withoutEmpty(env),
      ...(options.port === undefined ? {} : { SERVER_PORT: options.port }),
      ...(isBorrowing(options, env) ? { ARX_TABLE_PREFIX: `arx-${randomBytes(6).toString("hex")}` } : {}),
      ARX_ALLOW_LOOPBACK: "true",
    });
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const each = error.issues.map(({ path, message }) => `${path}: ${message}`);
    throw new CannotStart(`The environment is not valid: ${each.join("; ")}.`, 2);
  }
}

/** Whether it keeps nothing in another's database: in tables of its own then, taken away at the end. Named tables are the user's. */
function isBorrowing(options: LocalOptions, env: Environment): boolean {
  return options.memory && Boolean(env.DYNAMODB_ENDPOINT) && !env.ARX_TABLE_PREFIX;
}

function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

async function openGateway(
  config: Config,
  options: LocalOptions,
  sockets: Sockets,
  functions: () => FunctionHandlers | undefined,
): Promise<Gateway> {
  const port = config.SERVER_PORT;
  try {
    return await startGateway({
      port,
      functions,
      sockets,
      corsOrigins: config.ARX_CORS_ORIGINS,
      onExchange: exchangeLine(options.verbose),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const other = "choose another with --port PORT or SERVER_PORT (0 takes a free one)";
    if (code === "EADDRINUSE") throw new CannotStart(`Port ${port} is taken by another program: ${other}.`);
    if (code === "EACCES") throw new CannotStart(`Port ${port} may not be used by this user: ${other}.`);
    throw error;
  }
}

async function createTables(store: Store, endpoint: string): Promise<void> {
  const client = patientClient(endpoint);
  try {
    await Promise.all(TABLES.map((spec) => createTable(client, spec, store.table(spec))));
  } catch (error) {
    throw new CannotStart(
      `The DynamoDB at ${endpoint} does not take the tables: ${(error as Error).message}.`,
    );
  } finally {
    client.destroy();
  }
}

async function dropTables(store: Store): Promise<void> {
  await Promise.all(
    TABLES.map((spec) => store.doc.send(new DeleteTableCommand({ TableName: store.table(spec) }))),
  );
}

function dataDir(path: string | undefined): { dataDir?: string } {
  return path === undefined ? {} : { dataDir: path };
}

function brokenBy(database: DynamoDbLocal | undefined): Promise<Error> {
  return database ? database.ended : new Promise(() => {});
}
