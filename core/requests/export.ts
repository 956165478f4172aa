import * as z from "zod/mini";
import { encodeCursor } from "../store/cursor.ts";
import type { Item } from "../store/index.ts";
import { verb } from "../verb.ts";
import type { Budget } from "./budget.ts";
import { csvLine } from "./csv.ts";
import { fitting, MAX_ANSWER_BYTES, pageOf, place, readCursor } from "./list.ts";
import { exportInput, type Format } from "./schema.ts";
import { isJsonField } from "./stored.ts";
import { FIELDS, type RequestView, viewOf } from "./view.ts";

/** A page of an export, as text of its format. */
export interface ExportPage {
  readonly format: Format;
  readonly text: string;
  /** The cursor of the page after it; undefined when the export is complete. */
  readonly next: string | undefined;
}

const CURSOR = "requests-export";
/** Where it stopped, and how many are still wanted; null for all. */
const exportPlace = z.tuple([place, z.nullable(z.int().check(z.gte(1)))]);

const MIB = 1024 * 1024;
/** Requests on one page; those of some 600 bytes fill an answer. */
const MOST_ON_A_PAGE = 10_000;
const EXPORT_BUDGET: Budget = { read: 64 * MIB, kept: MAX_ANSWER_BYTES, queries: 40_000, ms: 15_000 };

/**
 * Routing requests as a file, page by page, newest first: complete when the last page has come, and none of it in memory but one page. The
 * texts of `ndjson` and `csv` pages make the whole file when they follow each other; each page of `json` is an array by itself.
 *
 * @throws Malformed for a cursor that an export did not give.
 */
export const exportPage = verb(
  exportInput,
  async (ctx, { format, limit, cursor, ...asked }): Promise<ExportPage> => {
    const [before, left] =
      cursor === undefined ? [undefined, limit ?? null] : readCursor(CURSOR, exportPlace, cursor);
    const most = Math.min(left ?? MOST_ON_A_PAGE, MOST_ON_A_PAGE);
    const { items, stoppedAt } = await pageOf(ctx, asked, { before, limit: most, budget: EXPORT_BUDGET });
    const lineOf = LINE[format];
    const page = fitting(
      items,
      (item: Item) => lineOf(viewOf(item)),
      (line) => line,
      MAX_ANSWER_BYTES,
    );
    const text = ENCLOSED[format](page.made, cursor === undefined);
    const wanted = left === null ? null : left - page.made.length;
    const at = wanted === 0 ? undefined : (page.cut ?? stoppedAt);
    return { format, text, next: at === undefined ? undefined : encodeCursor(CURSOR, [at, wanted]) };
  },
);

const LINE: Readonly<Record<Format, (view: RequestView) => string>> = {
  json: (view) => JSON.stringify(view),
  ndjson: (view) => `${JSON.stringify(view)}\n`,
  csv: (view) => csvLine(FIELDS.map((name) => cellValue(name, view[name]))),
};

const ENCLOSED: Readonly<Record<Format, (lines: readonly string[], first: boolean) => string>> = {
  json: (lines) => (lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`),
  ndjson: (lines) => lines.join(""),
  csv: (lines, first) => (first ? csvLine(FIELDS) : "") + lines.join(""),
};

// A field of any shape is JSON text in a cell, so that the text "null" and null differ.
function cellValue(name: string, value: unknown): unknown {
  return isJsonField(name) && value !== null ? JSON.stringify(value) : value;
}
