import type { Log } from "../../core/ctx.ts";
import type { Exchange } from "./gateway.ts";

type Write = (line: string) => void;

/** Short lines to read in a terminal, on standard error. Quiet about what goes well unless `verbose`. */
export function localLog(service: string, verbose: boolean, write: Write = toStderr): Log {
  const line = (mark: string, message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    write(`${clock()} ${mark}${service}: ${message}${shown(fields)}`);
  };
  return {
    info: (message, fields) => {
      // The gateway tells of requests, for all functions alike.
      if (verbose && message !== "request") line("", message, fields);
    },
    warn: (message, fields) => line("warning ", message, fields),
    error: (message, fields) => line("error ", message, fields),
  };
}

/** A line for each request that went wrong, and with `verbose` for every one. */
export function exchangeLine(verbose: boolean, write: Write = toStderr): (exchange: Exchange) => void {
  return ({ method, url, status, durationMs, error }) => {
    if (!verbose && status < 500) return;
    const cause = error instanceof Error ? ` ${error.name}: ${error.message}` : "";
    write(`${clock()} ${status} ${method} ${url.slice(0, 200)} ${durationMs.toFixed(1)} ms${cause}`);
  };
}

function shown(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && name !== "stack")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const text = parts.join(" ").replace(/\s+/g, " ");
  return text === "" ? "" : ` ${text.slice(0, 500)}`;
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
