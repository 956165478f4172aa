import * as z from "zod/mini";

/** A message for what has the wrong type, which says so when there is nothing at all. */
export const must = (message: string) => ({
  error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? "Is required" : message),
});

/** A finite number between two bounds, inclusive; the message names both. */
export const between = (min: number, max: number, unit = "") => {
  const message = `Must be a number from ${min} to ${max}${unit}`;
  return z.number(must(message)).check(z.gte(min, message), z.lte(max, message));
};

/** A whole number between two bounds, inclusive. */
export const wholeBetween = (min: number, max: number) => {
  const message = `Must be a whole number from ${min} to ${max}`;
  return z.int(must(message)).check(z.gte(min, message), z.lte(max, message));
};

/** One of some words; the message names them. */
export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, must(`Must be one of ${words.join(", ")}`));

export const yesOrNo = z.boolean(must("Must be true or false"));

/** Printable text of 1 to `max` characters, blanks around it removed. */
export const text = (max: number) =>
  z
    .string(must("Must be a text"))
    .check(
      z.trim(),
      z.minLength(1, "Must not be empty"),
      z.maxLength(max, `Must have at most ${max} characters`),
      z.refine(isPrintable, "Must not hold control characters"),
    );

function isPrintable(value: string): boolean {
  for (const char of value) {
    const code = char.codePointAt(0)!;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

export const nodeId = z
  .string(must("Must be a text"))
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      "Must be 1 to 64 of A–Z a–z 0–9 . _ - and begin with a letter or digit",
    ),
  );

export const label = z
  .string(must("Must be a text"))
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/,
      "Must be 1 to 64 of A–Z a–z 0–9 . _ : / = - and begin with a letter or digit",
    ),
  );

export const labels = z.array(label, "Must be a list").check(
  z.maxLength(32, "Must have at most 32 entries"),
  z.refine((given) => new Set(given).size === given.length, "Must not repeat"),
);

const MAX_URL = 2048;

const url = (protocols: RegExp, words: string, mayHaveQuery: boolean) =>
  z.pipe(
    z.string(must("Must be a text")).check(
      z.maxLength(MAX_URL, { error: `Must have at most ${MAX_URL} characters`, abort: true }),
      z.refine(
        (value) => {
          const parsed = URL.parse(value);
          if (parsed === null || !protocols.test(parsed.protocol) || parsed.username || parsed.password)
            return false;
          return (
            !value.includes("#") &&
            (mayHaveQuery || !value.includes("?")) &&
            canonical(parsed).length <= MAX_URL
          );
        },
        `Must be ${words} URL without credentials${mayHaveQuery ? "" : ", query"} or fragment`,
      ),
    ),
    z.transform((value) => canonical(new URL(value))),
  );

/** What is stored is what will be dialled: host in lower case, addresses in their usual spelling, no slash at the end. */
function canonical(parsed: URL): string {
  const path = parsed.search ? parsed.pathname : parsed.pathname.replace(/\/+$/, "");
  return `${parsed.protocol}//${parsed.host}${path}${parsed.search}`;
}

export const endpointUrl = url(/^https?:$/, "an http or https", false);
export const probeUrl = url(/^https?:$/, "an http or https", true);
export const websocketUrl = url(/^wss?:$/, "a ws or wss", true);

/** A JSON object of at most `bytes` as UTF-8 and `depth` levels. */
export const jsonObject = (bytes: number, depth = 8) =>
  z.record(z.string(), z.unknown(), "Must be a JSON object").check(
    // The depth first: what measures the bytes recurses.
    z.refine((value) => isShallow(value, depth), {
      error: `Must be nested at most ${depth} levels deep`,
      abort: true,
    }),
    z.refine(
      (value) => Buffer.byteLength(JSON.stringify(value)) <= bytes,
      `Must be at most ${bytes} bytes as JSON`,
    ),
  );

/** Whether a JSON value nests at most `levels` deep. */
export function isShallow(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return true;
  if (levels === 0) return false;
  return Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
