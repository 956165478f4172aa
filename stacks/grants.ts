import type { FunctionName, QUEUES } from "./functions.ts";

/** Calls on a table. A transaction needs the calls it is made of, and `ConditionCheckItem` for a bare condition. */
export type TableAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem";

/** Names that an encryption context has, each with its value, or `*` for any. */
export type SealedUnder = Readonly<Record<string, string>>;

export interface Grant {
  /** By table, or `table/index` for an index of it. */
  readonly tables: Readonly<Record<string, readonly TableAction[]>>;
  /** Queues it may send to. */
  readonly sends?: readonly (keyof typeof QUEUES)[];
  /** What it seals with the stage's key, and what it opens: never without the context that those secrets are bound to. */
  readonly seals?: readonly SealedUnder[];
  readonly opens?: readonly SealedUnder[];
  /** Queues whose messages it may put off: the one that its trigger empties. */
  readonly delays?: readonly (keyof typeof QUEUES)[];
  /** What it may do with open sockets, by the method of API Gateway's `@connections`: send to one, or close it. */
  readonly pushes?: readonly ("POST" | "DELETE")[];
}

const READ_CELLS = ["BatchGetItem"] as const;
/** A node placed, moved or removed: its roster and directory, which split, merge and vanish. */
const EDIT_CELLS = ["BatchGetItem", "PutItem", "DeleteItem"] as const;
/** What Powertools' idempotency does for an `Idempotency-Key`. */
const REPEAT = ["GetItem", "PutItem", "UpdateItem", "DeleteItem"] as const;

/** To tell who calls, by whatever credential, and to note that it was used. */
const IDENTIFY = {
  sessions: ["GetItem"],
  "signing-keys": ["GetItem"],
  credentials: ["GetItem", "UpdateItem"],
} as const;

const SIGNING_KEYS: SealedUnder = { purpose: "access-token-signing", kid: "*" };
/** The first answer to an `Idempotency-Key`, where it holds a secret. */
const ANSWERS: SealedUnder = { purpose: "idempotent-answer", call: "*" };
const NODE_CREDENTIALS: SealedUnder = { node: "*", provider: "*" };
const WEBHOOK_SECRETS: SealedUnder = { webhook: "*" };

/** What each function may do, and no more. A function that calls something else is refused by AWS. */
export const GRANTS: Readonly<Record<FunctionName, Grant>> = {
  routing: {
    tables: {
      ...IDENTIFY,
      cells: READ_CELLS,
      requests: ["PutItem"],
      "request-hours": ["PutItem"],
      fleet: ["PutItem"],
    },
  },
  nodes: {
    tables: {
      ...IDENTIFY,
      credentials: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
      limits: ["UpdateItem"],
      audit: ["PutItem"],
      nodes: ["GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem"],
      "nodes/newest": ["Query"],
      cells: EDIT_CELLS,
      fleet: ["Query"],
      metrics: ["BatchGetItem", "Query"],
      idempotency: REPEAT,
    },
    // It takes credentials in, and nobody asks it for them.
    seals: [NODE_CREDENTIALS, ANSWERS],
    opens: [ANSWERS],
  },
  discovery: {
    tables: {
      ...IDENTIFY,
      credentials: ["GetItem", "PutItem", "UpdateItem"],
      audit: ["PutItem"],
      nodes: ["GetItem", "BatchGetItem", "Query", "PutItem"],
      "nodes/endpoint": ["Query"],
      cells: EDIT_CELLS,
      idempotency: REPEAT,
    },
  },
  requests: {
    tables: { ...IDENTIFY, requests: ["GetItem", "Query"], "request-hours": ["Query"] },
  },
  service: { tables: { ...IDENTIFY, idempotency: ["GetItem"] } },
  dispatch: {
    tables: { cells: [...READ_CELLS, "PutItem"], fleet: ["Query", "PutItem"] },
    sends: ["health"],
  },
  "health-worker": {
    tables: {
      cells: EDIT_CELLS,
      nodes: ["GetItem", "BatchGetItem", "PutItem"],
      fleet: ["Query", "PutItem", "UpdateItem"],
      metrics: ["PutItem"],
    },
  },
  "node-changes": {
    tables: { nodes: ["BatchGetItem"], cells: EDIT_CELLS, metrics: ["PutItem"] },
    sends: ["health"],
  },
  "request-rollups": { tables: { rollups: ["Query", "PutItem"] } },
  "node-events": { tables: { events: ["Query", "PutItem"] } },
  "cell-events": { tables: { events: ["Query", "PutItem"] } },
  "request-events": { tables: { events: ["Query", "PutItem"] } },
  "fold-rollups": { tables: { rollups: ["GetItem", "Query", "PutItem"] } },
  analytics: {
    tables: {
      ...IDENTIFY,
      rollups: ["GetItem", "Query"],
      requests: ["Query"],
      "request-hours": ["Query"],
      "nodes/newest": ["Query"],
    },
  },
  tickets: { tables: { ...IDENTIFY, connections: ["PutItem"], limits: ["UpdateItem"] } },
  auth: {
    tables: {
      users: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
      sessions: ["GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem"],
      "signing-keys": ["GetItem", "PutItem"],
      credentials: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
      "credentials/newest": ["Query"],
      // A node without keys gets its first, as long as it is there.
      nodes: ["GetItem", "ConditionCheckItem"],
      limits: ["UpdateItem"],
      audit: ["PutItem"],
      idempotency: REPEAT,
    },
    seals: [SIGNING_KEYS, ANSWERS],
    opens: [SIGNING_KEYS, ANSWERS],
  },
  audit: { tables: { ...IDENTIFY, audit: ["Query"] } },
  realtime: {
    tables: {
      ...IDENTIFY,
      connections: ["GetItem", "PutItem", "DeleteItem", "ConditionCheckItem"],
      events: ["Query"],
    },
    pushes: ["POST", "DELETE"],
  },
  broadcast: {
    tables: { connections: ["Query", "DeleteItem"], events: ["Query"], cells: ["BatchGetItem"] },
    pushes: ["POST", "DELETE"],
  },
  webhooks: {
    tables: {
      ...IDENTIFY,
      webhooks: ["Query", "PutItem", "DeleteItem"],
      audit: ["PutItem"],
      idempotency: REPEAT,
    },
    seals: [WEBHOOK_SECRETS, ANSWERS],
    opens: [WEBHOOK_SECRETS, ANSWERS],
  },
  "webhook-events": { tables: { webhooks: ["Query"] }, sends: ["webhooks"] },
  "webhook-deliveries": {
    tables: { webhooks: ["Query", "PutItem"] },
    opens: [WEBHOOK_SECRETS],
    delays: ["webhooks"],
  },
  "session-ends": { tables: { connections: ["GetItem", "Query", "DeleteItem"] }, pushes: ["DELETE"] },
  "key-ends": { tables: { connections: ["GetItem", "Query", "DeleteItem"] }, pushes: ["DELETE"] },
  "rebuild-cells": {
    tables: { nodes: ["BatchGetItem"], "nodes/newest": ["Query"], cells: EDIT_CELLS },
  },
};
