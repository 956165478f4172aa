import * as z from "zod/mini";
import { label, discoverInput as newNode, position } from "../nodes/schema.ts";

/** What a node says of itself, as far as it may be believed: every field was checked against its bound, the rest was dropped. */
export interface Identity {
  readonly node_id?: string;
  readonly name?: string;
  readonly location?: { readonly lat: number; readonly lng: number };
  /** What it offers, as labels. */
  readonly capabilities?: readonly string[];
  readonly capacity?: {
    readonly max_concurrent?: number;
    readonly cpu_cores?: number;
    readonly memory_gb?: number;
  };
  /** Absolute URLs on the node's own origin. */
  readonly endpoints?: Readonly<Partial<Record<EndpointName, string>>>;
  readonly version?: string;
  /** ISO 8601. */
  readonly startup_time?: string;
}

const ENDPOINT_NAMES = ["health", "process", "metrics", "config"] as const;
type EndpointName = (typeof ENDPOINT_NAMES)[number];

const MAX_CAPABILITIES = 32;
/** So short that four of them and all else fit into a node's metadata. */
const MAX_URL = 512;

// Nothing of category C: no controls, no bidirectional overrides that make a name read as another.
const name = z.string().check(z.trim(), z.regex(/^[^\p{C}]{1,128}$/u));
const version = z.string().check(z.trim(), z.regex(/^[\x20-\x7e]{1,64}$/));
const amount = (max: number) => z.number().check(z.gte(0), z.lte(max));
const concurrency = z.int().check(z.gte(1), z.lte(1_000_000));

/**
 * Reads the body of an answer to `GET /identity`. A stranger wrote it, so each field counts only if it fits its own bound, and a field
 * that does not takes no other with it.
 *
 * @param endpoint where it was asked, which the URLs it names must share their origin with
 * @returns null when it is no JSON object in UTF-8
 */
export function readIdentity(body: Uint8Array, endpoint: string): Identity | null {
  const given = jsonObjectOf(body);
  if (given === null) return null;
  const fitting = compact({
    node_id: idOf(given.get("node_id"), endpoint),
    name: fit(name, given.get("name")),
    location: fit(position, given.get("location")),
    capabilities: capabilitiesOf(given.get("capabilities")),
    capacity: capacityOf(given.get("capacity")),
    endpoints: endpointsOf(given.get("endpoints"), endpoint),
    version: fit(version, given.get("version")),
    startup_time: instantOf(given.get("startup_time")),
  });
  return fitting ?? {};
}

type Fields = ReadonlyMap<string, unknown>;

function jsonObjectOf(body: Uint8Array): Fields | null {
  try {
    return fieldsOf(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
  } catch {
    return null;
  }
}

/** A map instead of the object itself: no name in it can reach a prototype. */
function fieldsOf(value: unknown): Fields | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

function fit<S extends z.core.$ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  const parsed = z.safeParse(schema, value);
  return parsed.success ? parsed.data : undefined;
}

/** An id that a new node may have: the syntax, and none that Nodes keeps for itself. */
function idOf(value: unknown, endpoint: string): string | undefined {
  return typeof value === "string" && fit(newNode, { endpoint, node_id: value }) ? value : undefined;
}

function capabilitiesOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const fitting = value.filter((one): one is string => fit(label, one) !== undefined);
  return fitting.length > 0 ? [...new Set(fitting)].slice(0, MAX_CAPABILITIES) : undefined;
}

function capacityOf(value: unknown): object | undefined {
  const given = fieldsOf(value);
  return compact({
    max_concurrent: fit(concurrency, given?.get("max_concurrent")),
    cpu_cores: fit(amount(100_000), given?.get("cpu_cores")),
    memory_gb: fit(amount(10_000_000), given?.get("memory_gb")),
  });
}

function endpointsOf(value: unknown, endpoint: string): object | undefined {
  const given = fieldsOf(value);
  return compact(Object.fromEntries(ENDPOINT_NAMES.map((one) => [one, ownUrl(given?.get(one), endpoint)])));
}

/** A URL, or a path, of the same origin; anything else could turn our probes on somebody else. */
function ownUrl(value: unknown, endpoint: string): string | undefined {
  if (typeof value !== "string" || value.length > MAX_URL) return undefined;
  const url = URL.parse(value, endpoint);
  if (url === null || url.origin !== URL.parse(endpoint)?.origin) return undefined;
  if (url.username || url.password || url.hash || url.href.length > MAX_URL) return undefined;
  return url.href;
}

function instantOf(value: unknown): string | undefined {
  const ms = typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** The fields that are not undefined, or undefined when there is none. */
function compact(fields: Readonly<Record<string, unknown>>): object | undefined {
  const held = Object.entries(fields).filter(([, value]) => value !== undefined);
  return held.length > 0 ? Object.fromEntries(held) : undefined;
}
