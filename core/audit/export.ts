import { csvLine } from "../requests/csv.ts";
import type { ExportPage } from "../requests/export.ts";
import { MAX_ANSWER_BYTES } from "../requests/list.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import { verb } from "../verb.ts";
import { pageOf, place, viewOfItem } from "./list.ts";
import { type AuditView, auditView, exportInput } from "./schema.ts";

const CURSOR = "audit-export";
/** Rows on one page; those of some 400 bytes fill an answer. */
const MOST_ON_A_PAGE = 10_000;
const FIELDS = Object.keys(auditView.shape) as (keyof AuditView)[];

type Format = ExportPage["format"];

/**
 * The audit as a file, page by page, newest first, complete when the last page has come. The texts of `ndjson` and `csv` pages make the
 * whole file when they follow each other; each page of `json` is an array by itself.
 *
 * @throws Malformed for a cursor that an export did not give.
 */
export const exportPage = verb(
  exportInput,
  async (ctx, { format, cursor, ...asked }): Promise<ExportPage> => {
    const before = cursor === undefined ? undefined : decodeCursor(CURSOR, place, cursor);
    const { items, stoppedAt } = await pageOf(ctx, asked, before, MOST_ON_A_PAGE);
    const lines: string[] = [];
    let bytes = 0;
    let next = stoppedAt;
    for (const [at, item] of items.entries()) {
      const line = LINE[format](viewOfItem(item));
      // A Lambda's answer is JSON itself: quotes count twice there.
      bytes += Buffer.byteLength(JSON.stringify(line));
      if (bytes > MAX_ANSWER_BYTES && at > 0) {
        next = items[at - 1]!.id as string;
        break;
      }
      lines.push(line);
    }
    return {
      format,
      text: ENCLOSED[format](lines, cursor === undefined),
      next: next === undefined ? undefined : encodeCursor(CURSOR, next),
    };
  },
);

const LINE: Readonly<Record<Format, (view: AuditView) => string>> = {
  json: (view) => JSON.stringify(view),
  ndjson: (view) => `${JSON.stringify(view)}\n`,
  csv: (view) => csvLine(FIELDS.map((name) => view[name])),
};

const ENCLOSED: Readonly<Record<Format, (lines: readonly string[], first: boolean) => string>> = {
  json: (lines) => (lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`),
  ndjson: (lines) => lines.join(""),
  csv: (lines, first) => (first ? csvLine(FIELDS) : "") + lines.join(""),
};
