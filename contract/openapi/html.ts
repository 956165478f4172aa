/** Text that is HTML already; everything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Html | string | number | false | undefined | readonly Content[];

/** HTML from a template: what is put in is escaped, unless it is `Html` itself. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.reduce((text, part, at) => text + textOf(contents[at - 1]) + part));
}

/** Prose with `code` in backticks and blank lines between paragraphs. */
export function prose(text: string, className = ""): Html {
  const paragraphs = text
    .split(/\n\s*\n/)
    .map((paragraph) => html`<p class="${className}">${inline(paragraph)}</p>`);
  return new Html(textOf(paragraphs));
}

/** One line of prose, `code` in backticks. */
export function inline(text: string): Html {
  const parts = text
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
  return new Html(textOf(parts));
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (typeof content === "string" || typeof content === "number") return escape(`${content}`);
  return content.map(textOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
