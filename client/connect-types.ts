import type { ArxError } from "./error.ts";
import type { Output } from "./types.ts";

type Node = Output<"getNode">;
type RoutingRequest = Output<"getRequest">;
type Named = Pick<Node, "id" | "name" | "status">;
type Whatever = Readonly<Record<string, unknown>>;

/** What each type of event tells in its `data`. Of data beyond 24 KB the largest fields are `{"omitted_bytes": n}`. */
export interface EventData {
  readonly node_registered: Node;
  readonly node_created: Node;
  readonly node_updated: Node;
  readonly node_deleted: { readonly node_id: string; readonly id: string; readonly name: string };
  readonly node_activated: Named;
  readonly node_deactivated: Named;
  readonly node_draining: Named;
  readonly node_health_updated: Named &
    Pick<Node, "cpu_usage" | "memory_usage" | "active_connections" | "last_health_check">;
  readonly node_discovered: {
    readonly node_id: string;
    readonly name: string;
    readonly location: { readonly lat: number; readonly lng: number } | null;
    readonly endpoint: string | null;
    readonly db_id: string;
    readonly identity: unknown;
  };
  readonly route_request: Pick<
    RoutingRequest,
    | "id"
    | "request_id"
    | "coordinates_x"
    | "coordinates_y"
    | "selected_node_id"
    | "distance"
    | "load_score"
    | "status"
    | "created_at"
  >;
  readonly request_completed: Pick<
    RoutingRequest,
    | "id"
    | "request_id"
    | "distance"
    | "response_time_ms"
    | "status"
    | "request_data"
    | "response_data"
    | "processing_metrics"
  > & { readonly selected_node: string | null };
  readonly decoration_changed: Whatever;
  readonly sync_progress: Whatever;
  readonly device_moved: Whatever;
  readonly deployment_changed: Whatever;
  readonly assignment_changed: Whatever;
  readonly leader_changed: Whatever;
}
export type EventType = keyof EventData;

interface Item<Type extends string, Data> {
  readonly type: Type;
  /** Grows from item to item; a cursor. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly data: Data;
}

/**
 * In place of events that can't be had any more: what is known must be read anew from these paths, then the items that follow complete it.
 */
export type SnapshotRequired = Item<
  "snapshot_required",
  { readonly reason: "too_old" | "unknown_cursor" | "too_far_behind"; readonly snapshot: readonly string[] }
>;

/** An item of the stream, told apart by `type`. A newer server may send types that are not among these. */
export type ArxEvent<T extends EventType = EventType> =
  | { [One in T]: Item<One, EventData[One]> }[T]
  | SnapshotRequired;

/** `paused` has no socket: the consumer is behind. `waiting` lasts until the next attempt. */
export type StateChange =
  | { readonly state: "connecting" | "live" | "paused" }
  | { readonly state: "waiting"; readonly cause: ArxError; readonly pauseMs: number }
  /** The cause is what the iteration fails with, if it does. */
  | { readonly state: "closed"; readonly cause?: unknown };

/** A stream of events that outlives its sockets. Leaving a `for await` over it closes it. */
export interface Connection<T extends EventType = EventType> extends AsyncIterable<ArxEvent<T>> {
  readonly state: StateChange["state"];
  /** The id of the last item given out, or where the stream started. Kept until all is done for that item, it is the next run's `since`. */
  readonly cursor: string | undefined;
  /** @returns what ends the listening */
  onState(listener: (change: StateChange) => void): () => void;
  /** Ends the iteration, and waits until nothing is left of the connection. Never rejects. */
  close(): Promise<void>;
}

/** What is used of a WebSocket: the global one has it, and that of the package ws. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

export interface ConnectOptions<T extends EventType = EventType> {
  /** All when left out. */
  readonly types?: readonly T[] | undefined;
  /** Geohash prefixes; everywhere when left out. */
  readonly cells?: readonly string[] | undefined;
  /** The id of the last item known: what came after it is given first. From now on when left out. */
  readonly since?: string | undefined;
  /** Ends the iteration with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the global one. */
  readonly WebSocket?: new (
    url: string,
  ) => Socket;
  /** Items held for a consumer that is behind, before the socket is given up; default 1000. */
  readonly queueLimit?: number;
  /** Default 240 000: a managed socket is closed when nothing is sent for ten minutes. */
  readonly pingEveryMs?: number;
  /** Default 10 000. */
  readonly pongWithinMs?: number;
  /** From opening the socket to the subscription's confirmation; default 15 000. */
  readonly openWithinMs?: number;
  /** How long a closing handshake may take; default 5000. */
  readonly closeWithinMs?: number;
  /** Bound of the first pause before reconnecting, which doubles up to the largest; default 500. */
  readonly backoffBaseMs?: number;
  /** Default 30 000. */
  readonly backoffMaxMs?: number;
  /** A subscription that lasted so long makes the pauses short again; default 30 000. */
  readonly steadyMs?: number;
}
