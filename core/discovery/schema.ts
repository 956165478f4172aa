import * as z from "zod/mini";
import { text } from "../nodes/fields.ts";
import { endpointUrl, position } from "../nodes/schema.ts";
import { readNetwork, sizeOf } from "./network.ts";
import { MAX_PORTS, readPorts } from "./ports.ts";

/** Addresses that one scan may span: a /22. */
export const MAX_ADDRESSES = 1024;
/** Addresses times ports that one scan may look at. */
export const MAX_TARGETS = 4096;
export const MAX_BATCH = 256;

/** A node to look at; what is said here goes before what the node says of itself. */
export const discoverInput = z.object({
  endpoint: endpointUrl,
  name: z.optional(text(128)),
  location: z.optional(position),
});

export const batchInput = z.object({
  endpoints: z.array(endpointUrl, "Must be a list of URLs").check(
    z.minLength(1, "Must name at least one endpoint"),
    z.maxLength(MAX_BATCH, `Must name at most ${MAX_BATCH} endpoints`),
    z.refine((given) => new Set(given).size === given.length, "Must not repeat"),
  ),
});

// A field that can't be read ends there: what is checked of them together reads both.
const unreadable = (error: string) => ({ error, abort: true });

const network = z.pipe(
  z.string("Must be a text").check(
    z.maxLength(32, unreadable("Must have at most 32 characters")),
    z.refine(
      (given) => readNetwork(given) !== null,
      unreadable("Must be an IPv4 network in CIDR form, like 203.0.113.0/24"),
    ),
    z.refine(
      (given) => sizeOf(readNetwork(given)!) <= MAX_ADDRESSES,
      unreadable(`Must be a /22 or smaller: at most ${MAX_ADDRESSES} addresses`),
    ),
  ),
  z.transform((given) => readNetwork(given)!),
);

const ports = z.pipe(
  z.string("Must be a text").check(
    z.maxLength(256, unreadable("Must have at most 256 characters")),
    z.refine(
      (given) => readPorts(given) !== null,
      unreadable(
        `Must be ports and ranges from 1 to 65535, like 80,8080,9000-9003; at most ${MAX_PORTS} of them`,
      ),
    ),
  ),
  z.transform((given) => readPorts(given)!),
);

const offsetMessage = `Must be a whole number from 0 to ${MAX_TARGETS}`;

/** A network to look through, address by address and on each port by port; `offset` is the `next` of the scan before. */
export const scanInput = z
  .object({
    network,
    ports: z._default(ports, [8080]),
    offset: z._default(
      z.coerce
        .number(offsetMessage)
        .check(z.int(offsetMessage), z.gte(0, offsetMessage), z.lte(MAX_TARGETS, offsetMessage)),
      0,
    ),
  })
  .check(
    z.refine((given) => sizeOf(given.network) * given.ports.length <= MAX_TARGETS, {
      error: `Makes more than ${MAX_TARGETS} targets with this network: ask for fewer ports or a smaller network`,
      path: ["ports"],
    }),
  );
export type ScanRequest = z.output<typeof scanInput>;

const missed = z.object({ endpoint: z.string(), error: z.string() });
const found = z.object({ id: z.string(), name: z.string(), endpoint: z.string() });

export const batchOutput = z.object({
  /** How many of the endpoints are new nodes now. */
  discovered: z.int(),
  /** How many are not; each is in `errors`. */
  failed: z.int(),
  nodes: z.array(found),
  errors: z.array(missed),
});
export type BatchAnswer = z.output<typeof batchOutput>;

export const scanOutput = z.object({
  /** How many targets (address and port) were looked at: `discovered` + `known` + `failed`. */
  scanned: z.int(),
  discovered: z.int(),
  /** How many were nodes already. */
  known: z.int(),
  /** How many did not answer, or not as a node does. */
  failed: z.int(),
  nodes: z.array(found),
  /** Those of the failed that did answer, and what was wrong. */
  errors: z.array(missed),
  /** How many targets time ran out for; ask again with `offset` = `next` for them. */
  remaining: z.int(),
  next: z.nullable(z.int()),
});
export type ScanAnswer = z.output<typeof scanOutput>;
