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

export interface Grant {
  /** By table, or `table/index` for an index of it. */
  readonly tables: Readonly<Record<string, readonly TableAction[]>>;
  /** Queues it may send to. */
  readonly sends?: readonly (keyof typeof QUEUES)[];
  /** Queues whose messages it may put off: the one that its trigger empties. */
  readonly delays?: readonly (keyof typeof QUEUES)[];
  /** What it may do with open sockets, by the method of API Gateway's `@connections`: send to one, or close it. */
  readonly pushes?: readonly ("POST" | "DELETE")[];
  /** Whether it must know the admin key. */
  readonly adminKey?: boolean;
}

const READ_CELLS = ["BatchGetItem"] as const;
/** A node placed, moved or removed: its roster and directory, which split, merge and vanish. */
const EDIT_CELLS = ["BatchGetItem", "PutItem", "DeleteItem"] as const;
/** What Powertools' idempotency does for an `Idempotency-Key`. */
const REPEAT = ["GetItem", "PutItem", "UpdateItem", "DeleteItem"] as const;

/** What each function may do, and no more. A function that calls something else is refused by AWS. */
export const GRANTS: Readonly<Record<FunctionName, Grant>> = {
  routing: {
    tables: { cells: READ_CELLS, requests: ["PutItem"], "request-hours": ["PutItem"], fleet: ["PutItem"] },
    adminKey: true,
  },
  nodes: {
    tables: {
      nodes: ["GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem"],
      "nodes/newest": ["Query"],
      cells: EDIT_CELLS,
      fleet: ["Query"],
      metrics: ["BatchGetItem", "Query"],
      idempotency: REPEAT,
    },
    adminKey: true,
  },
  discovery: {
    tables: {
      nodes: ["GetItem", "BatchGetItem", "Query", "PutItem"],
      "nodes/endpoint": ["Query"],
      cells: EDIT_CELLS,
      idempotency: REPEAT,
    },
    adminKey: true,
  },
  requests: {
    tables: { requests: ["GetItem", "Query"], "request-hours": ["Query"] },
    adminKey: true,
  },
  service: { tables: { idempotency: ["GetItem"] }, adminKey: true },
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
      rollups: ["GetItem", "Query"],
      requests: ["Query"],
      "request-hours": ["Query"],
      "nodes/newest": ["Query"],
    },
    adminKey: true,
  },
  tickets: { tables: { connections: ["PutItem"] }, adminKey: true },
  realtime: {
    tables: { connections: ["GetItem", "PutItem", "DeleteItem", "ConditionCheckItem"], events: ["Query"] },
    pushes: ["POST", "DELETE"],
    adminKey: true,
  },
  broadcast: {
    tables: { connections: ["Query", "DeleteItem"], events: ["Query"], cells: ["BatchGetItem"] },
    pushes: ["POST", "DELETE"],
  },
  webhooks: {
    tables: { webhooks: ["Query", "PutItem", "DeleteItem"], idempotency: REPEAT },
    adminKey: true,
  },
  "webhook-events": { tables: { webhooks: ["Query"] }, sends: ["webhooks"] },
  "webhook-deliveries": { tables: { webhooks: ["Query", "PutItem"] }, delays: ["webhooks"] },
  "rebuild-cells": {
    tables: { nodes: ["BatchGetItem"], "nodes/newest": ["Query"], cells: EDIT_CELLS },
  },
};
