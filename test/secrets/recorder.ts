import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { vi } from "vitest";
import type { Log } from "../../core/ctx.ts";
import type { Store } from "../../core/store/index.ts";
import { openLog } from "../../functions/log.ts";
import type { Trace } from "./canaries.ts";
import { tracesOf } from "./traces.ts";

/** Keeps everything that is said, stored and sent from its making on. */
export class Recorder {
  readonly traces: Trace[] = [];
  /** What is logged goes on to the log of deployed functions, whose lines are kept as well. */
  readonly log: Log;

  constructor() {
    const spoken = (name: "stdout" | "stderr") =>
      vi.spyOn(process[name], "write").mockImplementation((text) => {
        this.#add(name, Buffer.from(text as Uint8Array).toString());
        return true;
      });
    spoken("stdout");
    spoken("stderr");
    for (const name of ["debug", "info", "log", "warn", "error"] as const) {
      vi.spyOn(console, name).mockImplementation((...said) => this.#add(`console.${name}`, inspect(said)));
    }
    const deployed = openLog("secrets");
    const line =
      (level: keyof Log): Log["info"] =>
      (message, fields) => {
        this.#add(`log ${level}`, inspect([message, fields], { depth: 12, maxStringLength: null }));
        deployed[level](message, fields);
      };
    this.log = { info: line("info"), warn: line("warn"), error: line("error") };
  }

  #add(from: string, text: string): void {
    this.traces.push({ from, text });
  }

  add(from: string, value: unknown): void {
    this.traces.push(...(typeof value === "string" ? [{ from, text: value }] : tracesOf(from, value)));
  }

  /** Keeps every write that is asked of a store, whatever becomes of it. */
  watch({ doc }: Store): void {
    doc.middlewareStack.add(
      (next, context) => (args) => {
        const { commandName = "command" } = context as { commandName?: string };
        if (!/Get|Query|Scan/.test(commandName)) this.add(`store ${commandName}`, args.input);
        return next(args);
      },
      { step: "initialize", name: "recorder", override: true },
    );
  }

  /** How many texts of an origin there are. */
  count(from: RegExp): number {
    return this.traces.filter((trace) => from.test(trace.from)).length;
  }

  stop(): void {
    vi.restoreAllMocks();
  }
}

export interface Listener {
  readonly origin: string;
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** A server that keeps all that comes, headers too, answers as a healthy node does, and knows no `/identity`. */
export async function listen(name: string, recorder: Recorder): Promise<Listener> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = `${request.method} ${request.url}\n${inspect(request.headers)}\n${Buffer.concat(chunks)}`;
      heard.push(text);
      recorder.add(name, text);
      const known = !request.url!.endsWith("/identity");
      response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: "healthy" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
