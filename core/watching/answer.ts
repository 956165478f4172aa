/** What a node says of its load; percentages 0–100. */
export interface Load {
  readonly cpu_percent?: number;
  readonly memory_percent?: number;
  readonly active_connections?: number;
  readonly capacity?: number;
}

export interface HealthAnswer {
  readonly health: "healthy" | "degraded";
  readonly load: Load;
}

/** Connections and capacity are packed in three bytes. */
const MOST_CONNECTIONS = 0xff_ff_ff;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the body of a node's `/health` (SPEC H7). Unknown keys are ignored; a known one that makes no sense spoils the answer.
 * Written by hand: it runs for every node in every sweep.
 *
 * @returns the answer, or a sentence saying what is wrong with it
 */
export function readHealth(body: Uint8Array): HealthAnswer | string {
  let said: unknown;
  try {
    said = JSON.parse(utf8.decode(body));
  } catch {
    return "The answer is not JSON.";
  }
  if (!isObject(said)) return "The answer is not a JSON object.";
  const { status } = said;
  if (status !== "healthy" && status !== "degraded")
    return `\`status\` is ${shown(status)}, not "healthy" or "degraded".`;
  const load = readLoad(said.load);
  return typeof load === "string" ? load : { health: status, load };
}

function readLoad(said: unknown): Load | string {
  if (said === undefined) return {};
  if (!isObject(said)) return `\`load\` is ${shown(said)}, not an object.`;
  for (const key of ["cpu_percent", "memory_percent"] as const) {
    const value = said[key];
    if (value !== undefined && !isWithin(value, 100))
      return `\`load.${key}\` is ${shown(value)}, not a number from 0 to 100.`;
  }
  for (const key of ["active_connections", "capacity"] as const) {
    const value = said[key];
    if (value !== undefined && !(isWithin(value, MOST_CONNECTIONS) && Number.isInteger(value))) {
      return `\`load.${key}\` is ${shown(value)}, not a whole number from 0 to ${MOST_CONNECTIONS}.`;
    }
  }
  return said;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === "number" && value >= 0 && value <= max;
}

/** A value as evidence shows it: short, in printable characters, and never a whole document of the node's. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 40) : value);
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
