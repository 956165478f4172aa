import { iso } from "../id.ts";
import type { UserRecord } from "./record.ts";
import type { UserView } from "./schema.ts";

/** A user as it is answered: never with its hash. */
export function viewOf(user: UserRecord): UserView {
  return {
    id: user.id,
    email: user.email,
    full_name: user.full_name ?? null,
    role: user.role,
    created_at: iso(user.created_at),
    updated_at: iso(user.updated_at),
    revision: user.revision,
  };
}
