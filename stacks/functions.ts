import type { Domain } from "../contract/endpoint.ts";

interface Common {
  /** The file that exports `handler`, from the project's root. */
  readonly entry: string;
  readonly memoryMb: number;
  readonly timeoutS: number;
}

/** A function and what calls it. */
export type FunctionSpec = Common &
  (
    | { readonly kind: "http"; readonly domain: Domain }
    | { readonly kind: "queue"; readonly queue: keyof typeof QUEUES }
    | { readonly kind: "schedule"; readonly everyMinutes: number }
    | { readonly kind: "socket" }
    | { readonly kind: "stream"; readonly table: string; readonly reading?: Partial<StreamReading> }
  );

/** Queues and how they are emptied: the stacks make them so, and the local run's queues behave so. */
export const QUEUES = {
  health: {
    batchSize: 1,
    /** Workers at a time: 50 probe some 100 000 nodes within a wave. */
    maxConcurrency: 50,
    /** Six times the worker's timeout, as AWS advises: a batch is not handed over twice while it is worked on. */
    visibilityS: 720,
    /** An order that waited longer is of a sweep long past. */
    retentionS: 1800,
    maxReceives: 3,
  },
  webhooks: {
    batchSize: 10,
    /** 200 deliveries under way: receivers that need their whole 10 s leave room for 20 a second. */
    maxConcurrency: 20,
    visibilityS: 180,
    /** A delivery is tried for 16 to 19 hours. */
    retentionS: 4 * 86_400,
    /** One more than the waits of the domain's backoff. */
    maxReceives: 10,
  },
} as const;

/** How a stream is read: a record that fails is tried so often, alone, and then put aside. */
export interface StreamReading {
  readonly batchSize: number;
  readonly retries: number;
  readonly maxAgeS: number;
  /** Seconds that records are waited for to fill a batch. */
  readonly gatherS?: number;
  /** A tumbling window, in seconds: with one, the function is told which shard a batch is of. */
  readonly windowS?: number;
}

/** How streams are read unless a function says otherwise. */
export const STREAM: StreamReading = { batchSize: 100, retries: 5, maxAgeS: 3600 };

const MINUTES_A_WEEK = 7 * 24 * 60;

/**
 * Every function there is. Plain data: the stacks deploy it, the local run serves it, and a test holds both together. An API function is
 * cut off by API Gateway after 30 s, so it ends by itself before.
 */
export const FUNCTIONS = {
  routing: {
    entry: "functions/http/routing.ts",
    kind: "http",
    domain: "routing",
    memoryMb: 1024,
    timeoutS: 29,
  },
  nodes: { entry: "functions/http/nodes.ts", kind: "http", domain: "nodes", memoryMb: 512, timeoutS: 29 },
  discovery: {
    entry: "functions/http/discovery.ts",
    kind: "http",
    domain: "discovery",
    memoryMb: 512,
    timeoutS: 29,
  },
  requests: {
    entry: "functions/http/requests.ts",
    kind: "http",
    domain: "requests",
    memoryMb: 1024,
    timeoutS: 29,
  },
  service: {
    entry: "functions/http/service.ts",
    kind: "http",
    domain: "service",
    memoryMb: 512,
    timeoutS: 10,
  },
  dispatch: {
    entry: "functions/jobs/dispatch.ts",
    kind: "schedule",
    everyMinutes: 1,
    memoryMb: 512,
    timeoutS: 50,
  },
  "health-worker": {
    entry: "functions/queues/health.ts",
    kind: "queue",
    queue: "health",
    memoryMb: 512,
    timeoutS: 120,
  },
  "node-changes": {
    entry: "functions/streams/nodes.ts",
    kind: "stream",
    table: "nodes",
    memoryMb: 512,
    timeoutS: 30,
  },
  "request-rollups": {
    entry: "functions/streams/rollups.ts",
    kind: "stream",
    table: "requests",
    reading: { batchSize: 1000, retries: 10, maxAgeS: 86_400, gatherS: 20, windowS: 300 },
    memoryMb: 512,
    timeoutS: 60,
  },
  "node-events": {
    entry: "functions/streams/node-events.ts",
    kind: "stream",
    table: "nodes",
    reading: { retries: 10, maxAgeS: 3600, windowS: 300 },
    memoryMb: 512,
    timeoutS: 30,
  },
  "cell-events": {
    entry: "functions/streams/cell-events.ts",
    kind: "stream",
    table: "cells",
    reading: { batchSize: 1000, retries: 10, maxAgeS: 600, gatherS: 1, windowS: 300 },
    memoryMb: 512,
    timeoutS: 30,
  },
  "request-events": {
    entry: "functions/streams/request-events.ts",
    kind: "stream",
    table: "requests",
    reading: { batchSize: 1000, retries: 10, maxAgeS: 3600, gatherS: 1, windowS: 300 },
    memoryMb: 512,
    timeoutS: 60,
  },
  "fold-rollups": {
    entry: "functions/jobs/fold-rollups.ts",
    kind: "schedule",
    everyMinutes: 5,
    memoryMb: 1024,
    timeoutS: 240,
  },
  analytics: {
    entry: "functions/http/analytics.ts",
    kind: "http",
    domain: "analytics",
    memoryMb: 1024,
    timeoutS: 29,
  },
  tickets: {
    entry: "functions/http/realtime.ts",
    kind: "http",
    domain: "realtime",
    memoryMb: 512,
    timeoutS: 10,
  },
  // Hashing a password takes 19 MiB and a processor: a tenth of a second with this much.
  auth: { entry: "functions/http/auth.ts", kind: "http", domain: "auth", memoryMb: 1769, timeoutS: 29 },
  audit: { entry: "functions/http/audit.ts", kind: "http", domain: "audit", memoryMb: 512, timeoutS: 29 },
  realtime: { entry: "functions/ws/realtime.ts", kind: "socket", memoryMb: 512, timeoutS: 29 },
  broadcast: {
    entry: "functions/streams/broadcast.ts",
    kind: "stream",
    table: "events",
    // The second between two messages passes before the call, where it is not paid for.
    reading: { batchSize: 1000, retries: 10_000, maxAgeS: 3600, gatherS: 1 },
    memoryMb: 1024,
    timeoutS: 60,
  },
  webhooks: {
    entry: "functions/http/webhooks.ts",
    kind: "http",
    domain: "webhooks",
    memoryMb: 512,
    timeoutS: 29,
  },
  "webhook-events": {
    entry: "functions/streams/webhook-events.ts",
    kind: "stream",
    table: "events",
    reading: { batchSize: 25, retries: 10, maxAgeS: 3600 },
    memoryMb: 512,
    timeoutS: 60,
  },
  "webhook-deliveries": {
    entry: "functions/queues/webhook-deliveries.ts",
    kind: "queue",
    queue: "webhooks",
    memoryMb: 512,
    timeoutS: 30,
  },
  "session-ends": {
    entry: "functions/streams/session-ends.ts",
    kind: "stream",
    table: "sessions",
    memoryMb: 512,
    timeoutS: 30,
  },
  "key-ends": {
    entry: "functions/streams/key-ends.ts",
    kind: "stream",
    table: "credentials",
    memoryMb: 512,
    timeoutS: 30,
  },
  "rebuild-cells": {
    entry: "functions/jobs/rebuild-cells.ts",
    kind: "schedule",
    everyMinutes: MINUTES_A_WEEK,
    memoryMb: 1024,
    timeoutS: 900,
  },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that answer HTTP, by the domain whose endpoints they serve. */
export const HTTP_FUNCTIONS: Readonly<Record<Domain, FunctionName>> = {
  routing: "routing",
  nodes: "nodes",
  discovery: "discovery",
  requests: "requests",
  analytics: "analytics",
  realtime: "tickets",
  auth: "auth",
  audit: "audit",
  webhooks: "webhooks",
  service: "service",
};

/** Whose function answers a path or method that no endpoint has, with a problem document. */
export const DEFAULT_DOMAIN: Domain = "service";
