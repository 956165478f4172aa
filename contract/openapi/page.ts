import { createHash } from "node:crypto";
import { Html, html, inline, prose } from "./html.ts";
import type { Document, Operation, Parameter, Reference, ResponseObject } from "./json.ts";
import { bounds, fieldList, typeOf } from "./page-fields.ts";
import { SCRIPT } from "./page-script.ts";
import { STYLE } from "./page-style.ts";

export interface Page {
  readonly html: string;
  /** The Content-Security-Policy under which it works: its own style and script by their hashes, requests to its own server, nothing else. */
  readonly policy: string;
}

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** An OpenAPI document as one page to read, search and try, which loads nothing else. */
export function renderPage(document: Document): Page {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ path, method, operation })),
  );
  const families = document.tags
    .map(({ name, description }) => ({
      name,
      description,
      entries: entries.filter(({ operation }) => operation.tags[0] === name),
    }))
    .filter((family) => family.entries.length > 0);
  const { title, version, summary, description } = document.info as Readonly<Record<string, string>>;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API ${version}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the endpoints</a>
<nav aria-label="Endpoints">
<label for="search" class="soft">Search</label>
<input id="search" type="search" placeholder="nodes, 409, cursor…" autocomplete="off">
<p id="count" class="soft" role="status"></p>
${families.map(
  (family) =>
    html`<div data-group><h2>${family.name}</h2><ul>${family.entries.map(
      ({ path, method, operation }) =>
        html`<li data-for="${operation.operationId}"><a href="#${operation.operationId}"><span class="method ${method}">${method.toUpperCase()}</span><span>${broken(path)}</span></a></li>`,
    )}</ul></div>`,
)}
<h2>Schemas</h2><ul>${Object.keys(document.components.schemas).map((name) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main id="content">
<h1>${title} <span class="soft">${version}</span></h1>
<p class="lead">${summary}</p>
${prose(description!)}
<p>Server: <code>${document.servers[0]!.url}</code> · <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI ${document.openapi})</p>
<form class="key"><label>Key or access token for trying: it is kept in this page alone, and sent as <span><code>Authorization: Bearer …</code></span>
<input id="key" type="password" autocomplete="off" spellcheck="false"></label></form>
${families.map(
  (
    family,
  ) => html`<section data-group><h2 class="family">${family.name}</h2><p class="soft">${family.description}</p>
${family.entries.map((entry) => operationOf(entry, document))}</section>`,
)}
<h2 class="family">Schemas</h2>
${Object.entries(document.components.schemas).map(
  ([name, schema]) =>
    html`<section id="schema-${name}"><h3>${name}</h3>${schema.description !== undefined && prose(schema.description)}${fieldList(schema)}</section>`,
)}
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>`;
  return { html: page.text, policy: POLICY };
}

function operationOf(entry: Entry, document: Document): Html {
  const { path, method, operation } = entry;
  const { operationId, summary, description, requestBody, responses } = operation;
  const parameters = operation.parameters.map((one) => parameterOf(one, document));
  const body = requestBody?.content["application/json"];
  const words = [
    path,
    method,
    operationId,
    summary,
    description,
    ...Object.keys(responses),
    ...parameters.map(({ name }) => name),
  ];
  const callers = operation.security.map(
    ({ bearer }) => bearer?.[0]?.replace("service:", "key: ") ?? "anyone",
  );
  return html`<details class="operation" id="${operationId}" data-words="${words.join(" ").toLowerCase()}">
<summary><span class="method ${method}">${method.toUpperCase()}</span><h3>${path}</h3><p>${inline(summary)}</p></summary>
<div class="inside">
<p>${callers.map((caller) => html`<span class="badge">${caller}</span>`)}<span class="badge">${operationId}</span></p>
${description !== undefined && prose(description)}
${parameterTable(parameters)}
${body && html`<h4>Body</h4>${prose(requestBody.description, "soft")}${fieldList(body.schema)}`}
<h4>Answers</h4>${answerTable(responses, document)}
<h4>With curl</h4><pre tabindex="0"><code>${curlOf(entry, parameters, document.servers[0]!.url)}</code></pre>
<h4 class="try">Try it</h4>${tryForm(entry, parameters)}<pre hidden tabindex="0" aria-live="polite"></pre>
</div>
</details>
`;
}

function parameterOf(given: Parameter | Reference, document: Document): Parameter {
  return "$ref" in given ? document.components.parameters[given.$ref.split("/").at(-1)!]! : given;
}

function parameterTable(parameters: readonly Parameter[]): Html | undefined {
  if (parameters.length === 0) return undefined;
  return html`<h4>Parameters</h4><table><thead><tr><th scope="col">Name</th><th scope="col">What</th></tr></thead><tbody>${parameters.map(
    (one) =>
      html`<tr><td><code>${one.name}</code> <span class="type">${one.in}</span> ${one.required && html`<span class="must">required</span>`}</td><td>${
        one.description !== undefined && inline(one.description)
      } ${typeOf(one.schema)} ${bounds(one.schema)}</td></tr>`,
  )}</tbody></table>`;
}

function answerTable(responses: Operation["responses"], document: Document): Html {
  const rows = Object.entries(responses).map(([status, given]) => {
    const response: ResponseObject =
      "$ref" in given ? document.components.responses[given.$ref.split("/").at(-1)!]! : given;
    const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
    const shown = media?.example !== undefined && !("$ref" in given);
    return html`<tr><td><code>${status}</code> <span class="type">${type}</span></td><td>${inline(response.description)}${
      shown && html`${fieldList(media.schema)}<pre tabindex="0"><code>${json(media.example)}</code></pre>`
    }</td></tr>`;
  });
  return html`<table><thead><tr><th scope="col">Status</th><th scope="col">When, and what</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function curlOf(
  { path, method, operation }: Entry,
  parameters: readonly Parameter[],
  server: string,
): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { in: place, name, required, example } of parameters) {
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(String(example)));
    if (place === "query" && required) query.set(name, String(example));
  }
  const body = operation.requestBody?.content["application/json"]?.example;
  const needsKey = operation.security.every((scheme) => Object.keys(scheme).length > 0);
  return [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(`${server}${filled}${query.size > 0 ? `?${query}` : ""}`)}`,
    ...(needsKey ? ['-H "Authorization: Bearer $ARX_KEY"'] : []),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${quoted(json(body))}`]),
  ].join(" \\\n  ");
}

/** A path that may be broken after its slashes. */
function broken(path: string): Html {
  return html`${path.split(/(?<=.\/)/).map((part, at) => html`${at > 0 && new Html("<wbr>")}${part}`)}`;
}

/** In single quotes, as a POSIX shell takes everything literally. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function tryForm({ path, method, operation }: Entry, parameters: readonly Parameter[]): Html {
  const body = operation.requestBody?.content["application/json"];
  return html`<form class="try" data-method="${method.toUpperCase()}" data-path="${path}">${parameters.map(
    ({ in: place, name, required, example }) =>
      html`<label>${name}<input name="${place}:${name}" value="${required && String(example)}"${required && new Html(" required")} autocomplete="off" spellcheck="false"></label>`,
  )}${body && html`<label>body<textarea name="body:" spellcheck="false">${json(body.example)}</textarea></label>`}<div><button>Send</button></div></form>`;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
