/** The few styles that lines are written in. */
export type Style = "dim" | "bold" | "red" | "green" | "yellow" | "cyan";

/** Puts a style on a text; on paper or in a file it leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

const STATUS_STYLES: Readonly<Record<string, Style>> = {
  healthy: "green",
  active: "green",
  completed: "green",
  routed: "green",
  degraded: "yellow",
  draining: "yellow",
  discovered: "yellow",
  unhealthy: "red",
  failed: "red",
  rejected: "red",
  inactive: "dim",
  disabled: "dim",
};

/** A node's or a request's status in the colour of how good it is. */
export function status(paint: Paint, value: unknown): string {
  const text = plain(value);
  const style = Object.hasOwn(STATUS_STYLES, text) ? STATUS_STYLES[text] : undefined;
  return style ? paint(style, text) : text;
}

/**
 * Any value as text of one line that does nothing to a terminal: names come from nodes, and control characters in them must not move its
 * cursor or write over what was there. Longer than `most` it is cut.
 */
export function plain(value: unknown, most = 120): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  // Controls, separators of lines, and what turns the direction of writing.
  const safe = text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
  return safe.length > most ? `${safe.slice(0, most - 1)}…` : safe;
}
