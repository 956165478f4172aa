import { Forbidden } from "../errors.ts";

/** What a user is given and never gives itself. */
const RESERVED = [
  "id",
  "role",
  "roles",
  "is_admin",
  "password_hash",
  "password_epoch",
  "created_at",
  "updated_at",
  "revision",
] as const;

/**
 * Refuses an input that names what its caller may not write. Named as it is already is no attempt: a client may send back what it got.
 *
 * @param present the user as it is; absent when it is being made
 * @throws Forbidden
 */
export function refuseReserved(input: unknown, present: Readonly<Record<string, unknown>> = {}): void {
  if (input === null || typeof input !== "object") return;
  const given = input as Readonly<Record<string, unknown>>;
  for (const name of RESERVED) {
    if (given[name] !== undefined && given[name] !== present[name]) {
      throw new Forbidden(`A user may not write its ${name}.`);
    }
  }
}
