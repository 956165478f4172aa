import * as z from "zod/mini";
import { byId, exportInput, listInput } from "../../core/requests/schema.ts";
import { requestView } from "../../core/requests/view.ts";
import { endpoint } from "../endpoint.ts";

export const requests = {
  listRequests: endpoint({
    method: "GET",
    path: "/admin/api/v1/requests",
    domain: "requests",
    who: ["admin", "service:requests:read"],
    summary: "What was routed, newest first",
    description:
      "All filters must match. `q` is a JSON object; a request matches when its `request_data`, its `response_data` or its `metadata` " +
      'contains it as PostgreSQL\'s `@>` has it: `{"payload":{"user":"ada"}}` finds every request whose payload has that user, whatever ' +
      "else it has. A page may hold fewer than `limit`, or none, where much had to be looked through or entries are large: it is the last " +
      "one only when it has no `Link`. None is skipped and none repeated, whatever is recorded meanwhile. Requests are kept for 30 days " +
      "unless the operator chose otherwise.",
    input: listInput,
    output: z.array(requestView),
    status: [200],
    paged: true,
    example: { input: { status: "completed", q: '{"payload":{"user":"ada"}}' } },
  }),
  exportRequests: endpoint({
    method: "GET",
    path: "/admin/api/v1/requests/export",
    domain: "requests",
    who: ["admin", "service:requests:read"],
    summary: "Requests as a file: JSON, newline-delimited JSON or CSV",
    description:
      "Takes the list's filters; `limit` is of the whole export, which is without one unless it is named. An answer holds some 4 MB at " +
      "most. What does not fit is behind its `Link`, and `X-Export-Complete: false` says so; the last answer has `true`. Pages of `ndjson` " +
      "(`application/x-ndjson`) and `csv` (`text/csv`, with a header row on the first page alone) make one file when they follow each " +
      "other; each page of `json` is an array by itself. In CSV, fields of any shape are JSON text, and text that a spreadsheet would run " +
      "as a formula has an apostrophe in front. `npm run export` does all this and writes one file.",
    input: exportInput,
    output: z.array(requestView),
    status: [200],
    alsoTypes: ["application/x-ndjson", "text/csv"],
    paged: true,
    example: { input: { format: "json", status: "completed", since: "2026-01-01" } },
  }),
  getRequest: endpoint({
    method: "GET",
    path: "/admin/api/v1/requests/{id}",
    domain: "requests",
    who: ["admin", "service:requests:read"],
    summary: "One request, whole",
    input: byId,
    output: requestView,
    status: [200],
    errors: [404],
    example: { input: { id: "0199a5c0-0000-7000-8000-000000000000" } },
  }),
};
