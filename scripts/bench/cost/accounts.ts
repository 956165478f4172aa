import type { World } from "../../../core/ctx.ts";
import { openStore } from "../../../core/store/index.ts";
import { FUNCTIONS, type FunctionName } from "../../../stacks/functions.ts";
import { countUnits, type Units } from "./units.ts";

/** What a function used. */
export interface Usage extends Units {
  readonly calls: number;
  /** Milliseconds that Lambda bills. */
  readonly billedMs: number;
}

/** Milliseconds that Lambda bills for a call, by what it took here. */
export type Billing = (
  name: FunctionName,
  took: { readonly wallMs: number; readonly cpuMs: number },
) => number;

/** A Lambda has one whole processor at 1 769 MB; with less memory it has that share of one. */
const MB_PER_CPU = 1769;

/**
 * By measure: as long as the call took here, or as its share of a processor takes for the work that it was here, whichever is longer;
 * rounded up to whole milliseconds, as Lambda does.
 */
export const byMeasure: Billing = (name, { wallMs, cpuMs }) => {
  const share = Math.min(1, FUNCTIONS[name].memoryMb / MB_PER_CPU);
  return Math.ceil(Math.max(1, wallMs, cpuMs / share));
};

export function gbSecondsOf(name: FunctionName, billedMs: number): number {
  return (billedMs / 1000) * (FUNCTIONS[name].memoryMb / 1024);
}

/** Functions, each with a world, a store and an account of its own. */
export interface Accounts {
  worldOf(name: FunctionName): World;
  /** Calls a function; what it used is on its account. Only one may be called at a time. */
  call<T>(name: FunctionName, run: () => Promise<T>): Promise<T>;
  /** The same, without a call or its time on the account. @returns the milliseconds that Lambda would bill, too. */
  run<T>(name: FunctionName, run: () => Promise<T>): Promise<{ readonly answer: T; readonly ms: number }>;
  bill(name: FunctionName, calls: number, ms: number): void;
  /** What was used since the last time, by function. */
  take(): ReadonlyMap<FunctionName, Usage>;
  close(): void;
}

export function openAccounts(base: World, billing: Billing): Accounts {
  const worlds = new Map<FunctionName, { world: World; units: ReturnType<typeof countUnits> }>();
  const bills = new Map<FunctionName, { calls: number; ms: number }>();

  function opened(name: FunctionName) {
    let held = worlds.get(name);
    if (!held) {
      const store = { ...openStore(base.config), table: base.store.table };
      held = { world: { ...base, store, memory: new Map() }, units: countUnits(store) };
      worlds.set(name, held);
    }
    return held;
  }

  const accounts: Accounts = {
    worldOf: (name) => opened(name).world,
    async call(name, run) {
      const { answer, ms } = await accounts.run(name, run);
      accounts.bill(name, 1, ms);
      return answer;
    },
    async run(name, run) {
      const cpu = process.cpuUsage();
      const began = performance.now();
      const answer = await run();
      const wallMs = performance.now() - began;
      const { user, system } = process.cpuUsage(cpu);
      return { answer, ms: billing(name, { wallMs, cpuMs: (user + system) / 1000 }) };
    },
    bill(name, calls, ms) {
      const held = bills.get(name) ?? { calls: 0, ms: 0 };
      bills.set(name, { calls: held.calls + calls, ms: held.ms + ms });
    },
    take() {
      const taken = new Map<FunctionName, Usage>();
      for (const [name, { units }] of worlds) {
        const { calls, ms } = bills.get(name) ?? { calls: 0, ms: 0 };
        taken.set(name, { calls, billedMs: ms, ...units.take() });
      }
      bills.clear();
      return taken;
    },
    close() {
      for (const { world } of worlds.values()) world.store.close();
    },
  };
  return accounts;
}

const NOTHING: Usage = { calls: 0, billedMs: 0, read: new Map(), written: new Map() };

/** What a function used; nothing when it was not called. */
export function usageOf(usage: ReadonlyMap<FunctionName, Usage>, name: FunctionName): Usage {
  return usage.get(name) ?? NOTHING;
}
