import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../scripts/local/main.ts", import.meta.url));

/** The admin of a run, by its environment. */
export const ADMIN = { ARX_ADMIN_EMAIL: "ada@example.com", ARX_ADMIN_PASSWORD: "correct horse battery" };

/** Logs in at a run that is ready. @returns the access token, good for 15 minutes. */
export async function logIn(
  origin: string,
  email: string = ADMIN.ARX_ADMIN_EMAIL,
  password: string = ADMIN.ARX_ADMIN_PASSWORD,
): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  if (answer.status !== 200)
    throw new Error(`Logging in was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

export interface LocalRun {
  readonly pid: number;
  /** All it has said so far, on both streams. */
  readonly said: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until it has said so, or ended. */
  saying(what: string): Promise<string>;
}

/** The local run in a process of its own, with nothing of this process's environment but what finds programs. */
export function startMain(args: readonly string[], env: Readonly<Record<string, string>> = {}): LocalRun {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const over = new AbortController();
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => {
      over.abort();
      resolve(signal ?? code!);
    });
  });
  return {
    pid: child.pid!,
    said: () => said,
    ended,
    kill: (signal) => child.kill(signal),
    async saying(what) {
      while (!over.signal.aborted && !said.includes(what)) await sleep(20);
      return said;
    },
  };
}

/** Waits until `GET /api/v1/health` answers 200. @throws Error when the run ends instead. */
export async function ready(run: LocalRun, origin: string): Promise<void> {
  const gone = run.ended.then((code) => {
    throw new Error(`It ended with ${code}: ${run.said()}`);
  });
  gone.catch(() => {});
  for (;;) {
    const up = fetch(`${origin}/api/v1/health`).then(
      (answer) => answer.status === 200,
      () => false,
    );
    if (await Promise.race([up, gone])) return;
    await Promise.race([sleep(50), gone]);
  }
}

/** The processes that a process started, and those that they started. */
export function descendants(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const children = new Map<number, number[]>();
  for (const line of table.trim().split("\n")) {
    const [child, parent] = line.trim().split(/\s+/).map(Number) as [number, number];
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const found: number[] = [];
  const pending = [pid];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const own = children.get(next) ?? [];
    found.push(...own);
    pending.push(...own);
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks until the answer is as wanted, and gives it. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await sleep(100);
  }
}
