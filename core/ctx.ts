import type { Config } from "./config.ts";
import type { Preset, Scope } from "./keys/index.ts";
import type { Outbound } from "./outbound/index.ts";
import type { Sealer } from "./sealing/index.ts";
import type { Store } from "./store/index.ts";

/** Who is calling. `identify` in `functions/http/identify.ts` is the one place that makes an actor of a credential. */
export type Actor =
  | { readonly kind: "anyone" }
  /** A user who is logged in, and the session it calls in. */
  | { readonly kind: "user"; readonly id: string; readonly session: string }
  | { readonly kind: "admin"; readonly id: string; readonly session: string }
  /** The holder of a service key. */
  | { readonly kind: "service"; readonly id: string; readonly scopes: readonly Scope[] }
  /** A node, by its own id. */
  | { readonly kind: "node"; readonly id: string; readonly key_id: string }
  /** A machine about to join, by its token, which expires at that millisecond. */
  | { readonly kind: "machine"; readonly id: string; readonly preset: Preset; readonly expires_at: number }
  /** Arx itself: a sweep, a stream, a job. */
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
  /** Keeps secrets at rest. A function that may not use its key finds out when it tries. */
  readonly sealer: Sealer;
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
export function memoryOf<T>(world: Pick<World, "memory">, key: symbol, make: () => T): T {
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

/** Whether an actor may do what needs a scope; an admin may everything. */
export function hasScope(actor: Actor, scope: Scope): boolean {
  return actor.kind === "admin" || (actor.kind === "service" && actor.scopes.includes(scope));
}

export function describeActor(actor: Actor): string {
  return actor.kind === "anyone" ? "anyone" : `${actor.kind}:${actor.id}`;
}
