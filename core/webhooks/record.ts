/** A signing secret, as it is kept: sealed, to open for its webhook alone; in clear, if it is from before secrets were sealed. */
export type Secret = {
  /** Milliseconds since the epoch; null for the newest, which signs until it is rotated. */
  readonly valid_until: number | null;
} & ({ readonly sealed: Uint8Array } | { readonly value: string });

/** What an admin registered. Times in milliseconds since the epoch. */
export interface WebhookRecord {
  readonly id: string;
  /** As the URL parser spells it: this is what is dialled. */
  readonly url: string;
  /** Types of events; null for all. */
  readonly types: readonly string[] | null;
  /** Geohash prefixes; null for everywhere. */
  readonly cells: readonly string[] | null;
  readonly description: string | null;
  readonly active: boolean;
  /** Why it was switched off, when nobody asked for that. */
  readonly disabled_reason: string | null;
  /** Since when it has been active, without a break: nothing from before is delivered. */
  readonly active_since: number;
  /** The newest first. */
  readonly secrets: readonly Secret[];
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}
