import { styleText } from "node:util";
import { ArxError, type Connection, createClient } from "../client/index.ts";
import { lineOf, stateLine } from "./watch/line.ts";
import { HELP, Misused, readOptions, type Watching } from "./watch/options.ts";
import { type Paint, plain } from "./watch/paint.ts";

const onOutput: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
const onError: Paint = (style, text) => styleText(style, text, { stream: process.stderr });

async function main(args: readonly string[]): Promise<void> {
  const watching = readOptions(args, process.env);
  if (!watching) return console.log(HELP);
  const { baseUrl, token, types, cells, since } = watching;
  const connection = createClient({ baseUrl, token }).connect({ types, cells, since });
  const shown = { cursor: since };
  connection.onState((change) => {
    if (change.state === "live") shown.cursor ??= connection.cursor;
    const line = stateLine(change, onError);
    if (line !== undefined) tell(line);
  });
  // Once only: the next Ctrl-C is for whoever can't wait for the closing.
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
  try {
    await Promise.race([show(connection, watching, shown), stopped]);
  } finally {
    await connection.close();
    if (shown.cursor !== undefined) tell(`go on with --since ${shown.cursor}`);
  }
}

/** Writes what comes, as fast as it is read, and notes how far that is. @throws what iterating and writing throw */
async function show(
  connection: Connection,
  { json }: Watching,
  shown: { cursor: string | undefined },
): Promise<void> {
  for await (const event of connection) {
    await print(json ? JSON.stringify(event) : lineOf(event, onOutput));
    shown.cursor = event.id;
  }
}

function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

function tell(line: string): void {
  process.stderr.write(`${onError("dim", "watch:")} ${line}\n`);
}

/** What went wrong, in lines that say what to do where that is known. */
function explain(error: unknown): string {
  if (!(error instanceof ArxError)) return (error as Error).message;
  const message = plain(error.message, 500);
  if (error.status === 401 || error.status === 403) return `${message} The key is given by --key or ARX_KEY.`;
  if (error.status === 404) return `${message} Is it Arx that is there? --url says where.`;
  return [message, ...(error.problem.errors ?? []).map((one) => plain(`${one.path}: ${one.message}`))].join(
    "\n  ",
  );
}

// Each write tells of its own failure; and nobody may read this any more.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
try {
  await main(process.argv.slice(2));
} catch (error) {
  // Whoever reads standard output may have had enough.
  if ((error as NodeJS.ErrnoException).code !== "EPIPE") {
    tell(error instanceof Misused ? error.message : explain(error));
    process.exitCode = error instanceof Misused ? 2 : 1;
  }
}
// A server that is gone without a word would hold its socket, and with it this process.
process.exit();
