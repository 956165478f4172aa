import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { control, EventServer } from "./connect-server.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/watch.ts", import.meta.url));

interface Run {
  readonly child: ChildProcess;
  /** Of standard output and standard error, so far. */
  readonly said: { out: string; told: string };
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

let server: EventServer;
let runs: Run[];
beforeEach(async () => {
  runs = [];
  server = await EventServer.open();
});
afterEach(async () => {
  for (const { child } of runs) child.kill("SIGKILL");
  await Promise.all(runs.map(({ ended }) => ended));
  await server.close();
});

function run(args: readonly string[], env: Record<string, string> = { ARX_KEY: server.key }): Run {
  const child = spawn(process.execPath, [SCRIPT, "--url", server.origin, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", told: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said.out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said.told += chunk;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code!));
  });
  runs.push({ child, said, ended });
  return runs.at(-1)!;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

const count = (text: string, what: string) => text.split(what).length - 1;
const created = { type: "node_created", data: { id: "n-1", name: "One", status: "active" } };

test("events are lines; a break is told apart from them; Ctrl-C ends it with where to go on", async () => {
  const { child, said, ended } = run([]);
  await until(() => said.told.includes("following"));
  server.append(created);
  await until(() => said.out.includes("\n"));
  server.drop();
  server.append({ type: "leader_changed", data: { term: 2 } });
  await until(() => count(said.out, "\n") === 2);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(said.out).toBe(
    '00:00:00.001  node_created         One (n-1)  active\n00:00:00.002  leader_changed       {"term":2}\n',
  );
  expect(said.told.split("\n")).toEqual([
    "watch: following",
    expect.stringMatching(/^watch: The connection was closed \(1006\)\. Again in 0\.\d s\.$/),
    "watch: following",
    `watch: go on with --since ${server.log[1]!.id}`,
    "",
  ]);
  expect(server.sockets).toBe(0);
});

test("with --json each line is the event; types, cells and since are asked for", async () => {
  const [first] = server.append(created);
  const [, wanted] = server.append({ type: "node_updated" }, created);
  const { child, said, ended } = run([
    "--json",
    "--types",
    "node_created",
    "--cells",
    "u0m,u0n",
    "--since",
    first!.id,
  ]);
  await until(() => said.out.endsWith("\n"));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(JSON.parse(said.out)).toEqual(wanted);
  expect(server.opened[0]?.asked).toEqual([
    { types: ["node_created"], cells: ["u0m", "u0n"], since: first!.id },
  ]);
  expect(said.told).toContain(`--since ${wanted!.id}`);
});

test("it ends quietly when nobody reads any more; what was not read is what to go on with", async () => {
  const { child, said, ended } = run(["--json"]);
  await until(() => said.told.includes("following"));
  const [read] = server.append(created);
  await until(() => said.out.endsWith("\n"));
  child.stdout!.destroy();
  server.append(created);
  expect(await ended).toBe(0);
  expect(said.told).toBe(`watch: following\nwatch: go on with --since ${read!.id}\n`);
});

test("colours only where they were asked for, when it is no terminal", async () => {
  const since = server.head;
  server.append(created);
  const colourful = run(["--since", since], { ARX_KEY: server.key, FORCE_COLOR: "1" });
  const bare = run(["--since", since], { ARX_KEY: server.key, NO_COLOR: "1" });
  await until(() => colourful.said.out.endsWith("\n") && bare.said.out.endsWith("\n"));
  expect(colourful.said.out).toContain("\u001b[32mactive\u001b[39m");
  expect(bare.said.out + bare.said.told).not.toContain("\u001b");
});

test("what Arx refuses ends it, and is said", async () => {
  const denied = run(["--key", "another"]);
  expect(await denied.ended).toBe(1);
  expect(denied.said).toEqual({
    out: "",
    told: "watch: Refused with 401. The key is given by --key or ARX_KEY.\n",
  });
  server.faults.subscribe = () => [
    control("error", { error: "Can't.", errors: [{ path: "cells.0", message: "Must be a geohash" }] }),
  ];
  const refused = run(["--cells", "a"]);
  expect(await refused.ended).toBe(1);
  expect(refused.said.told).toBe("watch: Can't.\n  cells.0: Must be a geohash\n");
});

test("a command that is not understood asks for nothing", async () => {
  const unknown = run(["--types", "node_exploded"]);
  expect(await unknown.ended).toBe(2);
  expect(unknown.said.told).toContain("leader_changed.");
  const help = run(["--help"], {});
  expect(await help.ended).toBe(0);
  expect(help.said).toMatchObject({ out: expect.stringContaining("--cells A,B"), told: "" });
  expect(server.tickets).toBe(0);
});
