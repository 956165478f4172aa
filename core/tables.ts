import { AUDIT } from "./audit/items.ts";
import { CELLS } from "./cells/items.ts";
import { EVENTS } from "./events/items.ts";
import { FLEET } from "./fleet/items.ts";
import { CREDENTIALS } from "./keys/items.ts";
import { LIMITS } from "./limits/items.ts";
import { METRICS } from "./metrics/items.ts";
import { NODES } from "./nodes/items.ts";
import { CONNECTIONS } from "./realtime/items.ts";
import { REQUEST_HOURS, REQUESTS } from "./requests/items.ts";
import { ROLLUPS } from "./rollups/table.ts";
import type { TableSpec } from "./store/index.ts";
import { SIGNING_KEYS } from "./tokens/items.ts";
import { USERS } from "./users/items.ts";
import { SESSIONS } from "./users/sessions/items.ts";
import { WEBHOOKS } from "./webhooks/items.ts";

/** First answers to repeated writes, by caller and `Idempotency-Key`, for a day. */
export const IDEMPOTENCY: TableSpec = { name: "idempotency", partitionKey: "id", ttl: "expiration" };

/** Every table there is: the stacks, the local run and the tests create from this list. */
export const TABLES: readonly TableSpec[] = [
  NODES,
  CELLS,
  FLEET,
  METRICS,
  REQUESTS,
  REQUEST_HOURS,
  ROLLUPS,
  EVENTS,
  CONNECTIONS,
  WEBHOOKS,
  IDEMPOTENCY,
  USERS,
  SESSIONS,
  SIGNING_KEYS,
  CREDENTIALS,
  LIMITS,
  AUDIT,
];
