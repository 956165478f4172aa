import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { call } from "../client/call.ts";
import { ArxError } from "../client/index.ts";
import { ROUTES } from "../client/routes.ts";

const FORMATS = ["json", "ndjson", "csv"] as const;
type Format = (typeof FORMATS)[number];

const HELP = `Writes the routing requests on record into a file, newest first, however many there are.

  npm run export -- --format csv --out requests.csv
  npm run export -- --since 2026-01-01 --status failed --format ndjson | less

  --format json|ndjson|csv   json (one array) unless told otherwise
  --out FILE                 where to; it appears when it is complete. Standard output when left out
  --since, --until TIME      ISO 8601, or a date (UTC); both included
  --status, --node-id, --client-id, --cell, --q, --limit
                             filters as GET /admin/api/v1/requests has them, and how many at most
  --url URL                  of Arx; http://localhost:8080 unless told otherwise
  --key KEY                  a key with the scope requests:read, or an admin's access token; ARX_KEY of the environment when left out
  --help                     show this

Ends with 0 when the file is complete, 1 when it could not be written or Arx refused, 2 when the command is not understood.`;

const OPTIONS = {
  format: { type: "string", default: "json" },
  out: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  status: { type: "string" },
  "node-id": { type: "string" },
  "client-id": { type: "string" },
  cell: { type: "string" },
  q: { type: "string" },
  limit: { type: "string" },
  url: { type: "string", default: "http://localhost:8080" },
  key: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** The command is not understood; the message says what of it. */
class Misused extends Error {}

/** Where an export is written. */
interface Sink {
  write(text: string): Promise<void>;
  /** All is there: now it may be seen. */
  finish(): Promise<void>;
  /** Something went wrong: nothing may be left. */
  discard(): Promise<void>;
}

async function main(args: readonly string[]): Promise<void> {
  const values = options(args);
  if (values.help) return console.log(HELP);
  const format = FORMATS.find((one) => one === values.format);
  if (!format) throw new Misused(`--format must be one of ${FORMATS.join(", ")}.`);
  if (!URL.canParse(values.url) || !/^https?:/.test(values.url))
    throw new Misused("--url must be a http or https URL.");
  const token = values.key ?? process.env.ARX_KEY;
  if (!token) throw new Misused("A key is needed: give --key, or set ARX_KEY.");
  const { status, since, until, cell, q, limit, "node-id": node_id, "client-id": client_id } = values;
  const asked = { status, since, until, cell, q, limit, node_id, client_id };
  const sink = values.out === undefined ? standardOutput() : await fileSink(values.out);
  const interrupted = () => void sink.discard().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const count = await copy({ baseUrl: values.url, token }, format, asked, sink);
    await sink.finish();
    tell(`${count} requests${values.out === undefined ? "" : ` in ${values.out}`}\n`);
  } catch (error) {
    await sink.discard();
    throw error;
  } finally {
    process.removeListener("SIGINT", interrupted).removeListener("SIGTERM", interrupted);
  }
}

/** The command's options. @throws Misused */
function options(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new Misused((error as Error).message);
  }
}

/** Follows the pages to the last, each retried by the client; one page is in memory at a time. @returns how many requests there were. */
async function copy(
  client: { readonly baseUrl: string; readonly token: string },
  format: Format,
  asked: Readonly<Record<string, string | undefined>>,
  sink: Sink,
): Promise<number> {
  // Lines can be joined to an array as they come; arrays could not.
  const paged = format === "json" ? "ndjson" : format;
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await call(client, ROUTES.exportRequests, { ...asked, format: paged, cursor });
    const text = (page.value as string | undefined) ?? "";
    const rows = rowsOf(text, format) - (format === "csv" && cursor === undefined ? 1 : 0);
    await sink.write(format === "json" ? elements(text, count === 0) : text);
    count += rows;
    cursor = page.cursor;
    if (process.stderr.isTTY) process.stderr.write(`\r${count} requests`);
    else if (cursor !== undefined) tell(`${count} requests so far\n`);
  } while (cursor !== undefined);
  if (format === "json") await sink.write(count === 0 ? "[]\n" : "\n]\n");
  return count;
}

/** Lines as the next elements of an array. */
function elements(lines: string, first: boolean): string {
  if (lines === "") return "";
  return (first ? "[\n" : ",\n") + lines.trimEnd().replaceAll("\n", ",\n");
}

/** Rows of a page: ends of lines, but those within a quoted cell of a table. */
function rowsOf(text: string, format: Format): number {
  let rows = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22 && format === "csv") isQuoted = !isQuoted;
    else if (code === 0x0a && !isQuoted) rows++;
  }
  return rows;
}

async function fileSink(path: string): Promise<Sink> {
  const partial = `${path}.${randomBytes(4).toString("hex")}.partial`;
  let file: FileHandle | undefined = await open(partial, "wx");
  const close = async () => {
    const held = file;
    file = undefined;
    await held?.close();
  };
  return {
    write: async (text) => {
      await file!.appendFile(text);
    },
    async finish() {
      await file!.sync();
      await close();
      await rename(partial, path);
    },
    async discard() {
      await close();
      await rm(partial, { force: true });
    },
  };
}

function standardOutput(): Sink {
  // Each write tells of its own failure.
  process.stdout.on("error", () => {});
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    finish: async () => {},
    discard: async () => {},
  };
}

function tell(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r${line}` : line);
}

/** What went wrong, in a line that says what to do where that is known. */
function explain(error: unknown): string {
  if (!(error instanceof ArxError)) return (error as Error).message;
  if (error.status === 401 || error.status === 403)
    return `${error.message} The key is given by --key or ARX_KEY.`;
  if (error.status === 0) return `${error.message} Is Arx there? --url says where.`;
  return error.message;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Whoever reads standard output may have had enough.
  if ((error as NodeJS.ErrnoException).code !== "EPIPE") console.error(`export: ${explain(error)}`);
  process.exitCode = error instanceof Misused ? 2 : 1;
}
