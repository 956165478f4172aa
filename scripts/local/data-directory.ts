import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { type Lock, lockDirectory } from "./lock.ts";

/** Grows by one whenever older data can no longer be read by what is here. */
export const DATA_VERSION = 2;

export interface DataDirectory {
  readonly path: string;
  readonly database: string;
  readonly checkpoints: string;
  readonly lock: Lock;
}

/**
 * Opens (or makes) a directory for the data of one run.
 *
 * @throws CannotStart when another run has it, when its data is of another version, or when it can't be written.
 */
export async function openDataDirectory(given: string, holder: string): Promise<DataDirectory> {
  const path = resolve(given);
  const database = join(path, "database");
  try {
    mkdirSync(path, { recursive: true });
    const lock = await lockDirectory(path, holder);
    try {
      checkVersion(path, given);
      mkdirSync(database, { recursive: true });
    } catch (error) {
      await lock.release();
      throw error;
    }
    return { path, database, checkpoints: join(path, "checkpoints.json"), lock };
  } catch (error) {
    if (error instanceof CannotStart) throw error;
    throw new CannotStart(`The data directory ${given} can't be used: ${(error as Error).message}.`);
  }
}

function checkVersion(path: string, given: string): void {
  const file = join(path, "version");
  const found = readIfThere(file);
  if (found === undefined && isNew(path)) {
    writeFileSync(file, `${DATA_VERSION}\n`);
    return;
  }
  if (found === undefined) {
    throw new CannotStart(
      `${given} holds other things than data of Arx. Choose an empty directory with --data DIR.`,
    );
  }
  if (found.trim() === String(DATA_VERSION)) return;
  throw new CannotStart(
    `The data in ${given} is of version ${JSON.stringify(found.trim().slice(0, 20))}, and this Arx keeps version ${DATA_VERSION}. To start ` +
      "anew remove the directory, or choose another with --data DIR, or --memory.",
  );
}

// What a run left that ended before it had written its version is nothing yet.
function isNew(path: string): boolean {
  return readdirSync(path).every((name) => name === "lock");
}

/** A secret that is kept in a directory, where only the user may read it; undefined before the first. */
export function keptSecret(directory: string, name: string): string | undefined {
  return readIfThere(join(directory, name))?.trim() || undefined;
}

export function keepSecret(directory: string, name: string, secret: string): void {
  const file = join(directory, name);
  // The mode is of a new file alone.
  rmSync(file, { force: true });
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
