import { expect, test } from "vitest";
import { html, inline, prose } from "./html.ts";

test("what is put in is escaped, what is HTML already is not", () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  const safe = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(`<p title="${safe}">${safe}</p>`);
  expect(html`<ul>${[html`<li>${1}</li>`, html`<li>${"<"}</li>`]}</ul>`.text).toBe(
    "<ul><li>1</li><li>&lt;</li></ul>",
  );
  expect(html`a${undefined}b${false}c${[]}d`.text).toBe("abcd");
});

test("prose has paragraphs and code", () => {
  expect(inline("a `<b>` c").text).toBe("a <code>&lt;b&gt;</code> c");
  expect(prose("one\n\ntwo `x`", "soft").text).toBe(
    '<p class="soft">one</p><p class="soft">two <code>x</code></p>',
  );
});
