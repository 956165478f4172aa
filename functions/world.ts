import { readConfig } from "../core/config.ts";
import type { World } from "../core/ctx.ts";
import { createOutbound } from "../core/outbound/index.ts";
import { openStore } from "../core/store/index.ts";
import { openLog } from "./log.ts";
import { readSecrets } from "./secrets.ts";

// Before the first request: a function that can't read its secrets does not start.
const secrets = await readSecrets(process.env);

/** The world of a deployed function, from its environment. */
export function openWorld(service: string): World {
  const config = readConfig({ ...process.env, ...secrets });
  return {
    config,
    store: openStore(config),
    outbound: createOutbound({ allowLoopback: config.ARX_ALLOW_LOOPBACK }),
    log: openLog(service),
    now: Date.now,
    random: Math.random,
    memory: new Map(),
  };
}
