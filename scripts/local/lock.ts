import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CannotStart } from "./cannot-start.ts";

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a directory for this process alone: a socket that listens in it, which the system takes back however the process ends, so no
 * number of a process that is long gone can keep anybody out.
 *
 * @throws CannotStart when a living process has it.
 */
export async function lockDirectory(directory: string, holder: string): Promise<Lock> {
  const path = socketPath(directory);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(holder);
  });
  for (let tries = 0; ; tries++) {
    if (await listens(server, path)) break;
    const other = await whoHolds(path);
    if (other !== undefined || tries === 3) {
      throw new CannotStart(
        `${directory} is in use by ${other || "another Arx"}. Stop that one, or choose other data with --data DIR or --memory.`,
      );
    }
    rmSync(path, { force: true });
  }
  server.unref();
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

// A socket's path must be short: 104 bytes on some systems.
function socketPath(directory: string): string {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\arx-${digest}`;
  const inside = join(directory, "lock");
  return Buffer.byteLength(inside) <= 100 ? inside : join(tmpdir(), `arx-${digest}`);
}

function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error);
    server.once("error", failed);
    server.listen(path, () => {
      server.off("error", failed);
      resolve(true);
    });
  });
}

/** What the holder says of itself; `undefined` when nobody is there. */
function whoHolds(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(path);
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("data", (chunk) => {
      said += chunk.toString();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? undefined : said);
    });
    socket.on("close", () => resolve(said));
  });
}
