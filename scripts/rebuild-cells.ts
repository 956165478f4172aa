import { parseArgs } from "node:util";
import { Cells } from "../core/cells/index.ts";
import { readConfig } from "../core/config.ts";
import type { World } from "../core/ctx.ts";
import { Nodes } from "../core/nodes/index.ts";
import { createOutbound } from "../core/outbound/index.ts";
import { openStore } from "../core/store/index.ts";
import { CannotStart } from "./local/cannot-start.ts";
import { openDataDirectory } from "./local/data-directory.ts";
import { startDynamoDbLocal } from "./local/dynamodb.ts";
import { localLog } from "./local/log.ts";

const HELP = `Brings the cells (the routable index) in line with the nodes. It changes only what is out of line, and may run at any time.

  npm run rebuild-cells                      the data of the local run in .arx/, while that is stopped
  npm run rebuild-cells -- --data DIR        the same in DIR
  npm run rebuild-cells -- --stage STAGE     a deployed stage, with your AWS credentials and AWS_REGION
  DYNAMODB_ENDPOINT=… npm run rebuild-cells  any other DynamoDB

  --from-scratch   delete all cells first, for when they can't be read; until it is done nothing is routed to
  --help           show this`;

type Closers = (() => Promise<void> | void)[];

async function main(args: readonly string[], closers: Closers): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string", default: ".arx" },
      stage: { type: "string" },
      "from-scratch": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const world = await openWorld(values.data, values.stage, closers);
  if (values["from-scratch"]) console.log(`Deleted ${await Cells.clear(world)} items of cells.`);
  const { nodes, placed, removed } = await Cells.rebuild(world, Nodes.truth(world), (so) => {
    process.stderr.write(`\r${so.nodes} nodes, ${so.placed} placed, ${so.removed} removed`);
  });
  process.stderr.write("\n");
  console.log(
    `The cells are in line: ${nodes} watched nodes, ${placed} of them placed anew, ${removed} others removed.`,
  );
}

async function openWorld(data: string, stage: string | undefined, closers: Closers): Promise<World> {
  const config = readConfig({
    ...process.env,
    ...(stage
      ? { ARX_TABLE_PREFIX: `arx-${stage}` }
      : { DYNAMODB_ENDPOINT: await localEndpoint(data, closers) }),
  });
  const store = openStore(config);
  const outbound = createOutbound({ allowLoopback: false });
  closers.push(
    () => store.close(),
    () => outbound.close(),
  );
  const log = localLog("rebuild-cells", true);
  return { config, store, outbound, log, now: Date.now, random: Math.random, memory: new Map() };
}

async function localEndpoint(data: string, closers: Closers): Promise<string> {
  if (process.env.DYNAMODB_ENDPOINT) return process.env.DYNAMODB_ENDPOINT;
  const directory = await openDataDirectory(data, "a rebuild of the cells");
  closers.push(() => directory.lock.release());
  const database = await startDynamoDbLocal({ dataDir: directory.database });
  closers.push(() => database.stop());
  return database.endpoint;
}

const closers: Closers = [];
try {
  await main(process.argv.slice(2), closers);
} catch (error) {
  const known =
    error instanceof CannotStart || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  console.error(known ? `rebuild-cells: ${(error as Error).message}` : error);
  process.exitCode = error instanceof CannotStart ? error.exitCode : 2;
} finally {
  for (const close of closers.reverse()) await close();
}
