import { readConfig } from "../core/config.ts";
import type { World } from "../core/ctx.ts";
import { createOutbound } from "../core/outbound/index.ts";
import { openStore } from "../core/store/index.ts";
import { openLog } from "./log.ts";

/** The world of a deployed function, from its environment. */
export function openWorld(service: string): World {
  const config = readConfig(process.env);
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
