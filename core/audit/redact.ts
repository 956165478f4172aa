/** What may stand in a row's detail. */
export type Detail = Readonly<Record<string, Plain | readonly Plain[] | undefined>>;
type Plain = string | number | boolean | null;

export const HIDDEN = "[secret]";
const MAX_TEXT = 200;
const MAX_LIST = 32;

/** Names whose values are secret whatever they look like. An id or a name of such a thing is none. */
const SECRET_NAME =
  /(pass(word|phrase)?|secret|credential|token|ticket|authorization|cookie|private|key|(?<!geo)hash|oauth)/i;
const OPEN_NAME = /(_id|_ids|_name|_count|_at|_kind)$/i;
/** What our credentials, bearer tokens and signed tokens look like, wherever they stand in a text. */
const SECRET_TEXT =
  /arx_(?:key|node|join|refresh|ticket)_[A-Za-z0-9._-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|bearer\s+\S+|\$(?:argon2|2[aby]\$)\S+/gi;

/**
 * A detail without what must not be kept. Callers name what changed and never a secret; this holds when one slips in all the same: values
 * under a telling name are hidden, and whatever looks like a credential anywhere else.
 */
export function redacted(detail: Detail): Record<string, Plain | readonly Plain[]> {
  const kept: Record<string, Plain | readonly Plain[]> = {};
  for (const [name, value] of Object.entries(detail)) {
    if (value === undefined) continue;
    if (SECRET_NAME.test(name) && !OPEN_NAME.test(name)) kept[name] = HIDDEN;
    else if (isList(value)) kept[name] = value.slice(0, MAX_LIST).map(plain);
    else kept[name] = plain(value);
  }
  return kept;
}

/** A text with every credential in it hidden, cut to what a row keeps. */
export function redactedText(text: string): string {
  return text.replace(SECRET_TEXT, HIDDEN).slice(0, MAX_TEXT);
}

function plain(value: Plain): Plain {
  return typeof value === "string" ? redactedText(value) : value;
}

function isList(value: Plain | readonly Plain[]): value is readonly Plain[] {
  return Array.isArray(value);
}
