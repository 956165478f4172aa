/**
 * What a cell's roster holds of a node: what probing, qualification and the answer to a client need, and nothing that a sweep changes.
 * A node is a member of one cell while it is watched (active or draining).
 */
export interface Member {
  readonly id: string;
  readonly name: string;
  /** Degrees, seven decimals; both undefined for a node without a position, which is watched but never routed to by position. */
  readonly lat: number | undefined;
  readonly lng: number | undefined;
  readonly endpoint: string | undefined;
  /** Where it is probed; undefined for a node that only speaks for itself. */
  readonly probe_url: string | undefined;
  readonly role: string | undefined;
  readonly region: string | undefined;
  readonly provider: string | undefined;
  readonly labels: readonly string[];
  readonly services: readonly string[];
  readonly service_radius_km: number | undefined;
  readonly capacity: number;
  readonly draining: boolean;
  /** Milliseconds since the epoch; while draining. */
  readonly drain_deadline: number | undefined;
  /** The activation that observations must be of (`NodeRecord.epoch`). */
  readonly epoch: number;
}

/** A node that may have entered, changed in or left the cells, and every place it may have been filed under so far. */
export interface Touch {
  readonly id: string;
  readonly places: readonly { readonly lat?: number | undefined; readonly lng?: number | undefined }[];
}

/** Where the truth about nodes is read: for each id what the cells shall hold of it, null when it is not watched, or gone. */
export type Source = (ids: readonly string[]) => Promise<ReadonlyMap<string, Member | null>>;
