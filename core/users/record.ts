export const ROLES = ["admin", "user"] as const;
export type Role = (typeof ROLES)[number];

/** A user as it is stored. Times are milliseconds since the epoch. */
export interface UserRecord {
  readonly id: string;
  /** Normalised; see `normaliseEmail`. */
  readonly email: string;
  readonly full_name?: string | undefined;
  readonly role: Role;
  /** A PHC string of Argon2id, or a bcrypt hash from an older system. */
  readonly password_hash: string;
  /** Counts the passwords from 1: a session begun with an older one is over. */
  readonly password_epoch: number;
  readonly created_at: number;
  readonly updated_at: number;
  /** Counts changes from 1; the entity's ETag. */
  readonly revision: number;
}
