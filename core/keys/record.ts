import type { Scope } from "./scopes.ts";

/** A service key as it is stored. Times are milliseconds since the epoch. */
export interface ServiceKey {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_at: number;
  readonly created_by: string;
  /** From then on it is refused; never, when absent. */
  readonly expires_at?: number | undefined;
  readonly last_used_at?: number | undefined;
}

/** What the nodes that join with a token are, whatever they say of themselves. */
export interface Preset {
  readonly role?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly region?: string | undefined;
}

export interface JoinToken {
  readonly id: string;
  readonly hash: string;
  readonly name?: string | undefined;
  readonly uses: number;
  readonly uses_left: number;
  readonly preset: Preset;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly last_used_at?: number | undefined;
}

/** One of a node's live keys. */
export interface NodeKey {
  readonly hash: string;
  readonly created_at: number;
  /** Set when a newer key takes its place: it is refused from then on. */
  readonly expires_at?: number | undefined;
  readonly last_used_at?: number | undefined;
}

/** A node's keys by their ids: one, and while it is replaced two. */
export interface NodeKeys {
  readonly node_id: string;
  readonly keys: Readonly<Record<string, NodeKey>>;
  /** Counts changes from 1. */
  readonly version: number;
}
