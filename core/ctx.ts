import type { Config } from "./config.ts";
import type { Outbound } from "./outbound/index.ts";
import type { Store } from "./store/index.ts";

/**
 * Who is calling. A later issue puts users, services and nodes beside these; `actorOf` in `functions/http/actor.ts` is the one place
 * that makes an actor from a credential.
 */
export type Actor =
  | { readonly kind: "anyone" }
  | { readonly kind: "admin"; readonly id: string }
  | { readonly kind: "system"; readonly id: string };

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * What lives as long as a process does: its settings, its clients, its time and chance. Made once per function (`openWorld`), passed on
 * explicitly, so that a test steers each of them.
 */
export interface World {
  readonly config: Config;
  readonly store: Store;
  readonly outbound: Outbound;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Memory of one warm process, by the domain that keeps it; see `memoryOf`. */
  readonly memory: Map<symbol, unknown>;
}

/** What one call carries: the world, who asks, and the id that every log line and answer of it bears. */
export interface Ctx extends World {
  readonly actor: Actor;
  readonly requestId: string;
  /** Where the call came from, for the record; undefined for the system's own work. */
  readonly caller?: { readonly userAgent: string | undefined; readonly remoteAddr: string };
  /** W3C trace context of the caller, passed on to nodes. */
  readonly traceparent?: string | undefined;
}

/** A domain's in-process memory, made on first use. It is a cache: losing it costs reads, never answers. */
export function memoryOf<T>(world: World, key: symbol, make: () => T): T {
  let held = world.memory.get(key) as T | undefined;
  if (held === undefined) {
    held = make();
    world.memory.set(key, held);
  }
  return held;
}

/** The context of work that no caller asked for: a sweep, a stream, a job. */
export function systemCtx(world: World, id: string, requestId: string): Ctx {
  return { ...world, actor: { kind: "system", id }, requestId };
}

export function describeActor(actor: Actor): string {
  return actor.kind === "anyone" ? "anyone" : `${actor.kind}:${actor.id}`;
}
