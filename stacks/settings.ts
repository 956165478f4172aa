import { type Config, readConfig } from "../core/config.ts";

/** Settings that the functions take over from the environment of whoever deploys, when they are set there. */
const PASSED_ON = [
  "K_NEAREST",
  "MAX_DISTANCE",
  "LOAD_WEIGHT",
  "DISTANCE_WEIGHT",
  "HEALTH_WEIGHT",
  "HEALTH_CHECK_INTERVAL",
  "HEALTH_TIMEOUT",
  "HEALTH_FAILURE_THRESHOLD",
  "ROUTE_CACHE_TTL_MS",
  "FORWARD_TIMEOUT_MS",
  "ROUTE_LIMIT_PER_MINUTE",
  "REQUEST_RETENTION_DAYS",
  "ARX_AUDIT_RETENTION_DAYS",
  "ARX_TOKEN_ISSUER",
  "ARX_TOKEN_AUDIENCE",
  "ARX_SCAN_NETWORKS",
  "ARX_CORS_ORIGINS",
  "ARX_BROADCAST_RATE",
] as const satisfies readonly (keyof Config)[];

export interface Settings {
  /** Exact origins that a browser may call from. */
  readonly corsOrigins: readonly string[];
  /** Where alarms are mailed to, beside their topic. */
  readonly alarmEmail: string | undefined;
  readonly tracing: "active" | "disabled";
  /** Where sockets are opened, when that is a domain of the deployer's; API Gateway's own address otherwise. */
  readonly realtimeUrl: string | undefined;
  /** Environment of every function. */
  readonly passedOn: Readonly<Record<string, string>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What a deploy is told by its environment.
 *
 * @throws Invalid for a setting outside its bounds; Error for one that must not be deployed.
 */
export function readSettings(env: Env): Settings {
  const config = readConfig(env);
  if (config.ARX_ALLOW_LOOPBACK) {
    throw new Error(
      "ARX_ALLOW_LOOPBACK is for the local run alone: deployed, nodes could make Arx call itself. Unset it.",
    );
  }
  return {
    corsOrigins: config.ARX_CORS_ORIGINS.map(exactOrigin),
    alarmEmail: env.ARX_ALARM_EMAIL || undefined,
    tracing: tracing(env.ARX_TRACING),
    realtimeUrl: socketUrl(env.ARX_REALTIME_URL),
    passedOn: Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
}

function exactOrigin(origin: string): string {
  if (origin.includes("*") || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new Error(`ARX_CORS_ORIGINS: "${origin}" is not an exact origin such as https://app.example.com.`);
  }
  return origin;
}

function tracing(word: string | undefined): "active" | "disabled" {
  if (!word || word === "active") return "active";
  if (word === "disabled") return "disabled";
  throw new Error(`ARX_TRACING must be "active" or "disabled", not "${word}".`);
}

function socketUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (!text.startsWith("wss://") || !URL.canParse(text) || /[?&]ticket=|#/.test(text)) {
    throw new Error(
      `ARX_REALTIME_URL: "${text}" is not a wss address without a ticket, such as wss://events.example.com?channel=admin.`,
    );
  }
  return text;
}
