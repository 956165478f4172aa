import { parseArgs } from "node:util";
import type { EventType } from "../../client/index.ts";
import { EVENT_TYPES } from "../../core/events/types.ts";

export const HELP = `Follows what happens in the fleet, an event a line, until Ctrl-C.

  npm run watch
  npm run watch -- --types node_health_updated,node_draining --cells u0m
  npm run --silent watch -- --json | jq .data

  --types A,B    only these types; all when left out
  --cells A,B    only what is in these cells (geohashes, or beginnings of them); everywhere when left out
  --since ID     first what came after this event, of the last hour; from now on when left out
  --json         events as JSON, one a line
  --url URL      of Arx; http://localhost:8080 unless told otherwise
  --key KEY      a key with the scope events:read, or an admin's access token; ARX_KEY of the environment when left out
  --help         show this

Types:${inLines(EVENT_TYPES)}

Events are written to standard output; on standard error is how the connection does and, at the end, the --since to go on with. A lost
connection is made anew, and nothing is missed. Colours are for terminals, and not with NO_COLOR.

Ends with 0 after Ctrl-C or when nobody reads any more, 1 when Arx refused, 2 when the command is not understood.`;

const OPTIONS = {
  types: { type: "string" },
  cells: { type: "string" },
  since: { type: "string" },
  json: { type: "boolean", default: false },
  url: { type: "string", default: "http://localhost:8080" },
  key: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The command is not understood; the message says what of it. */
export class Misused extends Error {}

export interface Watching {
  readonly baseUrl: string;
  readonly token: string;
  readonly types: readonly EventType[] | undefined;
  readonly cells: readonly string[] | undefined;
  readonly since: string | undefined;
  readonly json: boolean;
}

/** What is to be watched; null when help is asked for. @throws Misused */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Watching | null {
  const values = parsed(args);
  if (values.help) return null;
  if (!URL.canParse(values.url) || !/^https?:/.test(values.url))
    throw new Misused("--url must be a http or https URL.");
  if (values.since !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(values.since))
    throw new Misused("--since must be the id of an event.");
  const types = listOf("types", values.types)?.map(typeOf);
  const cells = listOf("cells", values.cells);
  const token = values.key ?? env.ARX_KEY;
  if (!token) throw new Misused("A key is needed: give --key, or set ARX_KEY.");
  return { baseUrl: values.url, token, types, cells, since: values.since, json: values.json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new Misused((error as Error).message);
  }
}

function listOf(name: string, text: string | undefined): string[] | undefined {
  const words = text?.split(",").map((word) => word.trim());
  if (words?.includes("")) throw new Misused(`--${name} must be words with a comma between them.`);
  return words;
}

function typeOf(word: string): EventType {
  const type = EVENT_TYPES.find((one) => one === word);
  if (!type)
    throw new Misused(`There is no type ${JSON.stringify(word)}. The types are:${inLines(EVENT_TYPES)}`);
  return type;
}

/** Words in lines of a terminal's width. */
function inLines(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > 90) lines.push("");
    lines.push(`${lines.pop()}${word}${word === words.at(-1) ? "." : ", "}`);
  }
  return `\n  ${lines.map((line) => line.trimEnd()).join("\n  ")}`;
}
