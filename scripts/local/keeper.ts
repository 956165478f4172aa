import { spawn } from "node:child_process";
import process from "node:process";

// Runs a command (the arguments) for as long as the process that started it lives: when that one is gone, even by SIGKILL, standard input
// ends, and the command is ended with it. SIGTERM is passed on. 127 says that there is no such command, as in a shell.
const [command, ...args] = process.argv.slice(2);
const kept = spawn(command!, args, { stdio: ["ignore", "inherit", "inherit"] });

kept.once("error", (error: NodeJS.ErrnoException) => {
  console.error(error.message);
  process.exit(error.code === "ENOENT" ? 127 : 1);
});
kept.once("exit", (code, signal) => process.exit(signal ? 0 : (code ?? 0)));
process.on("SIGTERM", () => kept.kill("SIGTERM"));
process.on("SIGINT", () => {});
process.stdin.on("error", () => kept.kill("SIGKILL"));
process.stdin.on("end", () => kept.kill("SIGKILL"));
process.stdin.resume();
