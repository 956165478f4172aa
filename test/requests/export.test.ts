import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../../client/index.ts";
import { Requests, type RoutingRequest } from "../../core/requests/index.ts";
import { FIELDS, type RequestView } from "../../core/requests/view.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { describeRequest, HOUR, NOW, newestFirst, recordAll } from "./factory.ts";
import { ask, nextOf, type Served, serveRequests } from "./served.ts";

const COUNT = Number(process.env.ARX_EXPORTED ?? 1200);
const LARGEST_ANSWER = 6 * 1024 * 1024;

/** Text that breaks tables and frightens spreadsheets. */
const NASTY = [
  "=1+1",
  "-2",
  "@x",
  "'",
  "''a",
  'say "so"',
  "a,b",
  "two\r\nlines",
  "\ttab",
  "",
  " ",
  "null",
  "ü",
  "＝1",
];

let world: TestWorld;
let gateway: Served;
let expected: RequestView[];

beforeAll(async () => {
  world = await openTestWorld({ now: () => NOW });
  gateway = await serveRequests(world);
  const all: RoutingRequest[] = Array.from({ length: COUNT }, (_, at) => {
    const nasty = NASTY[at % NASTY.length]!;
    return describeRequest({
      created_at: NOW - Math.floor((at / COUNT) * 50) * HOUR - at,
      status: at % 7 === 0 ? "failed" : "completed",
      lng: at % 2 === 0 ? -8.5 : 8.5,
      client_info: at % 3 === 0 ? null : { client_id: nasty },
      // Every other one is large, so that several pages are needed.
      request_data: { payload: at % 2 === 0 ? '"x\\'.repeat(1100) : nasty },
      response_data: [nasty, null, 0, false, { [nasty]: nasty }][at % 5],
      selected_node_id: at % 11 === 0 ? null : "zurich-1",
    });
  });
  await recordAll(world, all);
  const views = new Map<string, RequestView>();
  for await (const view of createClient({ baseUrl: gateway.origin, token: gateway.key }).all.listRequests({
    limit: 1000,
  }))
    views.set(view.id, view);
  expected = newestFirst(all).flatMap(({ id }) => views.get(id) ?? []);
  if (expected.length !== COUNT) throw new Error(`Of ${COUNT} requests ${expected.length} are listed.`);
}, 120_000);
afterAll(async () => {
  await gateway.close();
  await world.close();
});

async function pagesOf(query: string): Promise<Response[]> {
  const pages: Response[] = [];
  let at: string | undefined = `/export?${query}`;
  while (at !== undefined) {
    const answer: Response = await ask(gateway, at);
    expect(answer.status).toBe(200);
    pages.push(answer);
    at = nextOf(answer);
    expect(answer.headers.get("x-export-complete")).toBe(String(at === undefined));
  }
  return pages;
}

describe("an export is complete, and the same as the list:", () => {
  it("json, an array a page", async () => {
    const pages = await pagesOf("format=json");
    expect(pages.length).toBeGreaterThan(COUNT >= 1200 ? 1 : 0);
    const parts = await Promise.all(pages.map((page) => page.json() as Promise<RequestView[]>));
    expect(parts.flat()).toEqual(expected);
    expect(pages[0]!.headers.get("content-type")).toBe("application/json");
    console.log(`export: ${COUNT} requests in ${pages.length} answers`);
  });

  it("ndjson, a line each", async () => {
    const pages = await pagesOf("format=ndjson");
    const text = (await Promise.all(pages.map((page) => page.text()))).join("");
    expect(text.endsWith("\n")).toBe(true);
    expect(linesOf(text)).toEqual(expected);
    expect(pages[0]!.headers.get("content-type")).toBe("application/x-ndjson");
  });

  it("csv, with one header row, back to what it was", async () => {
    const pages = await pagesOf("format=csv");
    const text = (await Promise.all(pages.map((page) => page.text()))).join("");
    expect(viewsOfCsv(text)).toEqual(expected);
    expect(pages[0]!.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(pages[0]!.headers.get("content-disposition")).toBe('attachment; filename="requests.csv"');
  });

  it("with the list's filters, and a limit of the whole", async () => {
    const failed = expected.filter(({ status }) => status === "failed");
    const [answer] = await pagesOf("format=ndjson&status=failed&limit=17");
    expect(linesOf(await answer!.text())).toEqual(failed.slice(0, 17));
    const many = Math.floor(COUNT * 0.8);
    const pages = await pagesOf(`format=ndjson&limit=${many}`);
    const text = (await Promise.all(pages.map((page) => page.text()))).join("");
    expect(linesOf(text)).toEqual(expected.slice(0, many));
  });

  it("and of nothing, too", async () => {
    const texts = await Promise.all(
      ["json", "ndjson", "csv"].map(async (format) => {
        const [answer] = await pagesOf(`format=${format}&client_id=nobody`);
        return answer!.text();
      }),
    );
    expect(texts).toEqual(["[]\n", "", `${FIELDS.join(",")}\r\n`]);
  });
});

it("holds a page at most, however many there are, and no answer is too large for a Lambda", async () => {
  const heavy = await openTestWorld({ now: () => NOW });
  const count = 80;
  const payload = '\\"'.repeat(60_000);
  const weight = JSON.stringify({ payload }).length;
  const requests = Array.from({ length: count }, (_, at) =>
    describeRequest({ created_at: NOW - at, request_data: { payload } }),
  );
  await recordAll(heavy, requests, 2);
  let read = 0;
  heavy.store.doc.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Items = [] } = result.output as { Items?: { request_data?: string }[] };
      read += Items.reduce((sum, { request_data }) => sum + (request_data?.length ?? 0), 0);
      return result;
    },
    { step: "initialize" },
  );
  const ids: unknown[] = [];
  let most = 0;
  let cursor: string | undefined;
  do {
    read = 0;
    const page = await Requests.exportPage(adminCtx(heavy), { format: "csv", cursor });
    most = Math.max(most, read);
    expect(Buffer.byteLength(JSON.stringify({ body: page.text }))).toBeLessThan(LARGEST_ANSWER);
    ids.push(
      ...rowsOf(page.text)
        .slice(cursor === undefined ? 1 : 0)
        .map(([id]) => id),
    );
    cursor = page.next;
  } while (cursor !== undefined);
  expect(ids).toEqual(newestFirst(requests).map(({ id }) => id));
  const MB = 1024 * 1024;
  console.log(
    `read for a page of ${count} requests of ${weight} bytes: at most ${(most / MB).toFixed(1)} MB`,
  );
  // A page is full at 4 MB; each of the eight shards may have read DynamoDB's 1 MB beyond that.
  expect(most).toBeLessThan(12 * MB);
  expect(count * weight).toBeGreaterThan(15 * MB);
  await heavy.close();
}, 120_000);

describe("npm run export", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "arx-export-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const run = (args: readonly string[], env: Record<string, string> = { ARX_KEY: gateway.key }) => {
    const script = fileURLToPath(new URL("../../scripts/export.ts", import.meta.url));
    const child = spawn(process.execPath, [script, "--url", gateway.origin, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      told += chunk;
    });
    return new Promise<{ code: number | null; out: string; told: string }>((done) => {
      child.once("close", (code) => done({ code, out, told }));
    });
  };

  it.each([
    ["json", (text: string) => JSON.parse(text) as unknown],
    ["ndjson", linesOf],
    ["csv", viewsOfCsv],
  ] as const)(
    "writes the whole as %s, over what was there, and leaves nothing else",
    async (format, read) => {
      const file = join(directory, "requests");
      await writeFile(file, "of yesterday");
      const { code, out, told } = await run(["--format", format, "--out", file]);
      expect(told).toContain(`${COUNT} requests in ${file}`);
      expect(told).toContain("requests so far");
      expect({ code, out }).toEqual({ code: 0, out: "" });
      expect(read(await readFile(file, "utf8"))).toEqual(expected);
      expect(await readdir(directory)).toEqual(["requests"]);
    },
  );

  it("writes to standard output when no file is named, with filters", async () => {
    const { code, out } = await run(["--status", "failed", "--limit", "5", "--key", gateway.key], {});
    expect(code).toBe(0);
    const failed = expected.filter(({ status }) => status === "failed");
    expect(JSON.parse(out)).toEqual(failed.slice(0, 5));
    expect((await run(["--client-id", "nobody"])).out).toBe("[]\n");
  });

  it("touches nothing when Arx refuses, and says why", async () => {
    const file = join(directory, "requests");
    await writeFile(file, "of yesterday");
    const refused = [
      [["--since", "2026-02-01", "--until", "2026-01-01"], "since: Must not be after until"],
      [["--key", "no-key-at-all"], "--key or ARX_KEY"],
      [["--url", "http://localhost:9"], "can't be reached"],
    ] as const;
    for (const [args, why] of refused) {
      const { code, told } = await run(["--out", file, ...args]);
      expect(told).toContain(why);
      expect(code).toBe(1);
    }
    expect(await readFile(file, "utf8")).toBe("of yesterday");
    expect(await readdir(directory)).toEqual(["requests"]);
    expect((await run(["--out", join(directory, "no", "such")])).code).toBe(1);
  });

  it("says what it takes, and what of a command it does not understand", async () => {
    const help = await run(["--help"]);
    expect(help).toMatchObject({ code: 0, told: "" });
    expect(help.out).toContain("--format json|ndjson|csv");
    for (const args of [["--format", "xml"], ["--nonsense"], ["--url", "nowhere"]]) {
      expect(await run(args)).toMatchObject({ code: 2, out: "" });
    }
    expect(await run([], {})).toMatchObject({ code: 2, told: expect.stringContaining("ARX_KEY") });
  });
});

function linesOf(text: string): unknown[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

const NUMBERS = new Set(["coordinates_x", "coordinates_y", "distance", "load_score", "response_time_ms"]);
const JSONS = new Set(["request_data", "response_data", "metadata", "client_info", "processing_metrics"]);

/** A table back as views: what a careful reader of the file does. */
function viewsOfCsv(text: string): unknown[] {
  const [header, ...rows] = rowsOf(text);
  expect(header).toEqual(FIELDS);
  return rows.map((row) => Object.fromEntries(FIELDS.map((name, at) => [name, valueOf(name, row[at]!)])));
}

function valueOf(name: string, cell: string): unknown {
  if (cell === "") return null;
  if (NUMBERS.has(name)) return Number(cell);
  const text = cell.startsWith("'") ? cell.slice(1) : cell;
  return JSONS.has(name) ? JSON.parse(text) : text;
}

/** Cells of a table (RFC 4180). */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    row.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === "\r\n") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
