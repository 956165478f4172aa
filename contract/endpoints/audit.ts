import * as z from "zod/mini";
import { auditView, exportInput, listInput } from "../../core/audit/schema.ts";
import { endpoint } from "../endpoint.ts";

export const audit = {
  listAudit: endpoint({
    method: "GET",
    path: "/admin/api/v1/audit",
    domain: "audit",
    who: ["admin"],
    summary: "Who did what, newest first",
    description:
      "All filters must match. `actor` is one (`admin:<id>`) or all of a kind (`node`), `action` one (`key.create`) or all that is done to " +
      "such a thing (`key`). A page may hold fewer than `limit`, or none, where much had to be looked through: it is the last one only when " +
      "it has no `Link`. Rows are kept for 400 days unless the operator chose otherwise; nobody can change one.",
    input: listInput,
    output: z.array(auditView),
    status: [200],
    paged: true,
    example: { input: { action: "login.refuse", since: "2026-01-01" } },
  }),
  exportAudit: endpoint({
    method: "GET",
    path: "/admin/api/v1/audit/export",
    domain: "audit",
    who: ["admin"],
    summary: "The audit as a file: JSON, newline-delimited JSON or CSV",
    description:
      "Takes the list's filters. An answer holds some 4 MB at most. What does not fit is behind its `Link`, and `X-Export-Complete: false` " +
      "says so; the last answer has `true`. Pages of `ndjson` and `csv` (with a header row on the first page alone) make one file when they " +
      "follow each other; each page of `json` is an array by itself.",
    input: exportInput,
    output: z.array(auditView),
    status: [200],
    alsoTypes: ["application/x-ndjson", "text/csv"],
    paged: true,
    example: { input: { format: "json", since: "2026-01-01" } },
  }),
};
