import { type Config, readConfig } from "../core/config.ts";
import type { World } from "../core/ctx.ts";
import { createOutbound } from "../core/outbound/index.ts";
import { lazySealer, type Sealer } from "../core/sealing/index.ts";
import { openStore } from "../core/store/index.ts";
import { openLog } from "./log.ts";

/**
 * The world of a deployed function, from its environment.
 *
 * @param openSealer of a function that its grants let seal; the others neither may nor bring what it takes.
 */
export function openWorld(
  service: string,
  openSealer: (config: Config) => Promise<Sealer> = refuseToSeal,
): World {
  const config = readConfig(process.env);
  return {
    config,
    store: openStore(config),
    outbound: createOutbound({ allowLoopback: config.ARX_ALLOW_LOOPBACK }),
    sealer: lazySealer(() => openSealer(config)),
    log: openLog(service),
    now: Date.now,
    random: Math.random,
    memory: new Map(),
  };
}

async function refuseToSeal(): Promise<Sealer> {
  throw new Error("This function was not made to seal or open secrets");
}
