/** What a connection asks for, as it says it. */
export interface Asked {
  readonly types?: readonly string[];
  readonly cells?: readonly string[];
}

/** What the connections ask for, in turn: everything, what a map shows of a part of the world, and what changes of nodes alone. */
export const ASKED: readonly Asked[] = [
  {},
  { types: ["node_health_updated"] },
  { types: ["node_health_updated"], cells: ["u", "g"] },
  { types: ["node_health_updated", "route_request"], cells: ["9", "d"] },
  { types: ["node_created", "node_updated", "node_deleted"] },
];

/** What the clients are started with. */
export interface Order {
  readonly url: string;
  readonly authorization: string;
  readonly connections: number;
  /** Geohash of each node, by its id. */
  readonly places: readonly (readonly [string, string])[];
}

/** What the clients got. */
export interface Received {
  readonly messages: number;
  readonly events: number;
  /** Events that their connection had not asked for. */
  readonly outside: number;
  /** Events whose id was not above the one before. */
  readonly repeated: number;
  readonly largestBytes: number;
  readonly snapshots: number;
  readonly closed: number;
  /** Nodes that a connection which asked for everything was told of. */
  readonly nodesTold: number;
}
