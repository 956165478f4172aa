import process from "node:process";
import { type DemoFleet, startDemoFleet } from "../demo/start.ts";
import { CannotStart } from "./cannot-start.ts";
import { guide } from "./guide.ts";
import { type LocalArx, startLocal } from "./local.ts";
import { HELP, readOptions } from "./options.ts";

/** A second signal within this time of the first is the same Ctrl-C: npm passes on what the terminal has sent as well. */
const SAME_SIGNAL_MS = 500;

/** The local run from the command line: starts, tells how to use it, and stops when it is told to. */
export async function run(args: readonly string[]): Promise<void> {
  let arx: LocalArx | undefined;
  let fleet: DemoFleet | undefined;
  try {
    const options = readOptions(args);
    if (options.help) {
      console.log(HELP);
      return;
    }
    const stopped = untilStopped();
    console.error("Starting; this takes a moment.");
    arx = await startLocal(options, process.env);
    if (options.demo) fleet = await startDemoFleet({ ...arx, token: arx.identities.key }, stopped.signal);
    if (!stopped.signal.aborted) console.log(guide(arx, fleet));
    const failure = await Promise.race([stopped.told, arx.broken]);
    if (failure) throw failure;
  } catch (error) {
    process.exitCode = complain(error);
  }
  await fleet?.close();
  await arx?.close();
  process.exit();
}

/** Tells of SIGINT or SIGTERM; the next one kills at once. What is starting comes up before it is taken down. */
function untilStopped(): { readonly told: Promise<undefined>; readonly signal: AbortSignal } {
  const abort = new AbortController();
  let first: number | undefined;
  const told = new Promise<undefined>((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      if (first === undefined) {
        first = performance.now();
        console.error("\nStopping. Again kills at once.");
        abort.abort();
        resolve(undefined);
      } else if (performance.now() - first > SAME_SIGNAL_MS) process.exit(signal === "SIGINT" ? 130 : 143);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
  return { told, signal: abort.signal };
}

function complain(error: unknown): number {
  if (error instanceof CannotStart) {
    console.error(`arx: ${error.message}`);
    return error.exitCode;
  }
  console.error("arx: something broke that should not have:", error);
  return 1;
}
