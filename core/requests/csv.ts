/** What spreadsheets take for the start of a formula, full-width forms too; and the mark itself, so that taking it away is unambiguous. */
const RISKY = /^[=+\-@\t\r'\uff1d\uff0b\uff0d\uff20]/;

/**
 * A value as a cell (RFC 4180). Numbers and true or false stand as they are, null is an empty cell, an object or array is its JSON text. Text
 * that a spreadsheet would run as a formula has an apostrophe in front, as has one that begins with an apostrophe.
 */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = RISKY.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of cells, with its end. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(",")}\r\n`;
}
