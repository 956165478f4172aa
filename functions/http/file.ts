import type { ExportPage } from "../../core/requests/export.ts";
import { type Answer, type HttpRequest, ok } from "./bind.ts";
import { nextLink } from "./page.ts";

const FILES = {
  json: { type: "application/json", extension: "json" },
  ndjson: { type: "application/x-ndjson", extension: "ndjson" },
  csv: { type: "text/csv; charset=utf-8", extension: "csv" },
} as const;

/** A page of an export as a file of this name. */
export function file(request: HttpRequest, name: string, { format, text, next }: ExportPage): Answer {
  const { type, extension } = FILES[format];
  return ok(text, {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}.${extension}"`,
    "x-export-complete": String(next === undefined),
    ...nextLink(request, next),
  });
}
