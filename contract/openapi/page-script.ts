/** What the reference page does in the browser: filters, opens what the address names, and sends requests to the server it came from. */
export const SCRIPT = `
"use strict";
const search = document.getElementById("search");
const count = document.getElementById("count");
const operations = [...document.querySelectorAll("details.operation")];
const entries = new Map([...document.querySelectorAll("nav li[data-for]")].map((li) => [li.dataset.for, li]));

search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const one of operations) {
    const fits = words.every((word) => one.dataset.words.includes(word));
    one.hidden = !fits;
    entries.get(one.id).hidden = !fits;
    if (fits) shown += 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("details.operation:not([hidden]), li[data-for]:not([hidden])");
  }
  count.textContent = words.length === 0 ? "" : shown + " of " + operations.length + " endpoints";
});

function open() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const around = named && named.closest("details.operation");
  if (around) around.open = true;
  if (named) named.scrollIntoView();
}
addEventListener("hashchange", open);
open();

document.querySelector("form.key").addEventListener("submit", (event) => event.preventDefault());

function requestOf(form) {
  const fields = new FormData(form);
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const [key, value] of fields) {
    const place = key.slice(0, key.indexOf(":"));
    const name = key.slice(key.indexOf(":") + 1);
    if (place === "path") path = path.replace("{" + name + "}", encodeURIComponent(value));
    else if (value === "") continue;
    else if (place === "query") query.append(name, value);
    else if (place === "header") headers[name] = value;
  }
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = "Bearer " + key;
  const body = fields.get("body:") ?? undefined;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return [path + (query.size > 0 ? "?" + query : ""), { method: form.dataset.method, headers, body }];
}

async function told(answer) {
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") || "");
  const lines = ["x-request-id", "link", "etag", "retry-after"].filter((name) => answer.headers.has(name));
  const head = [answer.status + " " + answer.statusText, ...lines.map((name) => name + ": " + answer.headers.get(name))];
  return head.join("\\n") + "\\n\\n" + (isJson ? JSON.stringify(JSON.parse(text), null, 2) : text.slice(0, 20000));
}

for (const form of document.querySelectorAll("form.try")) {
  const out = form.nextElementSibling;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    out.hidden = false;
    out.textContent = "…";
    try {
      out.textContent = await told(await fetch(...requestOf(form)));
    } catch (error) {
      out.textContent = "No answer: " + error.message;
    }
  });
}
`;
