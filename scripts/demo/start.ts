import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Config } from "../../core/config.ts";
import { CannotStart } from "../local/cannot-start.ts";
import type { FleetReady } from "./fleet.ts";
import { registerFleet, type Supervisor } from "./register.ts";

export interface DemoFleet {
  /** Where `POST /kill/{id}` and `/revive/{id}` are taken. */
  readonly control: string;
  /** A node to try them on. */
  readonly example: string;
  close(): Promise<void>;
}

/** Starts the demo fleet in a process of its own and registers it. @throws CannotStart when the fleet does not come up. */
export async function startDemoFleet(
  arx: Supervisor & { readonly config: Config },
  signal: AbortSignal,
): Promise<DemoFleet> {
  const child = fork(fileURLToPath(new URL("fleet.ts", import.meta.url)), [
    String(arx.config.HEALTH_CHECK_INTERVAL * 1000),
  ]);
  try {
    const ready = await readiness(child);
    await registerFleet(arx, ready.nodes, signal);
    return { control: ready.control, example: "edge-zurich", close: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

function readiness(child: ChildProcess): Promise<FleetReady> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as FleetReady));
    child.once("error", reject);
    child.once("exit", (code) => reject(new CannotStart(`The demo fleet ended with code ${code}.`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}
