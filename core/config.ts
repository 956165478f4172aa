import * as z from "zod/mini";
import { parseOrThrow } from "./verb.ts";

const int = (name: string, fallback: number, min: number, max: number) =>
  z._default(
    z.coerce
      .number(`${name} must be a number`)
      .check(z.int(`${name} must be a whole number`), z.gte(min), z.lte(max)),
    fallback,
  );
const real = (name: string, fallback: number, min: number, max: number) =>
  z._default(z.coerce.number(`${name} must be a number`).check(z.gte(min), z.lte(max)), fallback);
const flag = z._default(
  z.pipe(
    z.enum(["true", "false", "1", "0", ""]),
    z.transform((word) => word === "true" || word === "1"),
  ),
  false,
);
const list = z._default(
  z.pipe(
    z.string(),
    z.transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    ),
  ),
  [],
);

/** The settings, by the names they have in the environment; read and checked once, when a process starts. */
const environment = z.object({
  /** How many nearest qualifying nodes a route chooses among. */
  K_NEAREST: int("K_NEAREST", 3, 1, 32),
  /** Kilometres within which nodes are preferred. */
  MAX_DISTANCE: real("MAX_DISTANCE", 50, 0, 20_100),
  LOAD_WEIGHT: real("LOAD_WEIGHT", 0.6, 0, 1000),
  DISTANCE_WEIGHT: real("DISTANCE_WEIGHT", 0.4, 0, 1000),
  HEALTH_WEIGHT: real("HEALTH_WEIGHT", 0, 0, 1000),
  /** Seconds between two sweeps of a node. */
  HEALTH_CHECK_INTERVAL: int("HEALTH_CHECK_INTERVAL", 30, 1, 3600),
  /** Seconds a probe may take. */
  HEALTH_TIMEOUT: real("HEALTH_TIMEOUT", 5, 0.05, 60),
  HEALTH_FAILURE_THRESHOLD: int("HEALTH_FAILURE_THRESHOLD", 3, 1, 100),
  SERVER_PORT: int("SERVER_PORT", 8080, 0, 65_535),
  /** Age in milliseconds past which a router asks for its directory again. */
  ROUTE_CACHE_TTL_MS: int("ROUTE_CACHE_TTL_MS", 2000, 0, 3_600_000),
  /** Milliseconds a forwarded request may take on one node. */
  FORWARD_TIMEOUT_MS: int("FORWARD_TIMEOUT_MS", 5000, 10, 25_000),
  /** Routes in a minute that one address, or one user, may ask for. */
  ROUTE_LIMIT_PER_MINUTE: int("ROUTE_LIMIT_PER_MINUTE", 1200, 1, 10_000_000),
  REQUEST_RETENTION_DAYS: int("REQUEST_RETENTION_DAYS", 30, 1, 3650),
  /** Networks (CIDR, comma-separated) that `discovery/scan` may look into; none unless named. */
  ARX_SCAN_NETWORKS: list,
  /** Lets outbound calls reach loopback: for the local run alone, refused by a deploy. */
  ARX_ALLOW_LOOPBACK: flag,
  /** Origins that a browser may call from (comma-separated, exact). */
  ARX_CORS_ORIGINS: list,
  /** The KMS key (its ARN) under which secrets are sealed; the local run has a key file instead. */
  ARX_SEALING_KEY: z.optional(z.string()),
  /** The `iss` and `aud` of access tokens; one of another issuer or for another audience is refused. */
  ARX_TOKEN_ISSUER: z._default(z.string().check(z.maxLength(256)), "arx"),
  ARX_TOKEN_AUDIENCE: z._default(z.string().check(z.maxLength(256)), "arx-api"),
  ARX_AUDIT_RETENTION_DAYS: int("ARX_AUDIT_RETENTION_DAYS", 400, 1, 3650),
  ARX_TABLE_PREFIX: z._default(z.string().check(z.regex(/^[A-Za-z0-9._-]{0,64}$/)), "arx"),
  ARX_HEALTH_QUEUE_URL: z.optional(z.string()),
  ARX_WEBHOOKS_QUEUE_URL: z.optional(z.string()),
  /** Messages a second that broadcasting may send: HTTP requests and sockets share an account's 10 000. */
  ARX_BROADCAST_RATE: int("ARX_BROADCAST_RATE", 2000, 1, 10_000),
  /** Where API Gateway takes messages for open connections (`@connections`). */
  ARX_REALTIME_ENDPOINT: z.optional(z.string()),
  /** Where clients open connections; said with each ticket. */
  ARX_REALTIME_URL: z.optional(z.string()),
  ARX_VERSION: z._default(z.string(), "0.1.0"),
  ARX_STAGE: z._default(z.string(), "local"),
  DYNAMODB_ENDPOINT: z.optional(z.string()),
});

export type Config = Readonly<z.output<typeof environment>>;

/**
 * The configuration from environment variables, each checked against its bounds.
 *
 * @throws Invalid naming every variable that is off.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  return parseOrThrow(environment, given, "The environment");
}
