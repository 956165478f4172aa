import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataDirectory } from "../../scripts/local/data-directory.ts";
import { freePort } from "../../scripts/local/dynamodb.ts";
import { startMain } from "./child.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "arx-test-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs it to its end, and expects one line that says why. */
async function refusal(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: unknown; why: string }> {
  const run = startMain(args, env);
  const code = await run.ended;
  const lines = run.said().trim().split("\n");
  const why = lines.at(-1)!;
  expect(why).toMatch(/^arx: /);
  expect(lines.filter((line) => line !== why && !line.startsWith("Starting"))).toEqual([]);
  return { code, why };
}

test("an unknown option", async () => {
  const { code, why } = await refusal(["--prot", "8080"]);
  expect(code).toBe(2);
  expect(why).toContain("--prot");
  expect(why).toContain("--help");
});

test("--help tells of every option, and succeeds", async () => {
  const run = startMain(["--help"]);
  expect(await run.ended).toBe(0);
  for (const word of [
    "--port",
    "--data",
    "--memory",
    "DYNAMODB_ENDPOINT",
    "ARX_ADMIN_EMAIL",
    "ARX_ADMIN_PASSWORD",
  ])
    expect(run.said()).toContain(word);
});

test("an environment that is not valid, every variable named", async () => {
  const { code, why } = await refusal(["--memory", "--port", "0"], {
    K_NEAREST: "none",
    HEALTH_TIMEOUT: "-1",
  });
  expect(code).toBe(2);
  expect(why).toContain("K_NEAREST");
  expect(why).toContain("HEALTH_TIMEOUT");
});

test("a port that is taken, and how to take another", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const { code, why } = await refusal(["--memory"], { SERVER_PORT: String(port) });
    expect(code).toBe(1);
    expect(why).toContain(String(port));
    expect(why).toContain("--port");
  } finally {
    server.close();
  }
});

test("Java that is missing", async () => {
  const { code, why } = await refusal(["--memory", "--port", "0"], { PATH: directory });
  expect(code).toBe(1);
  expect(why).toMatch(/Java.*17.*DYNAMODB_ENDPOINT/);
});

test("Java that is too old", async () => {
  const java = join(directory, "java");
  const says = "Error: LinkageError java.lang.UnsupportedClassVersionError: class file version 61.0";
  writeFileSync(java, `#!${process.execPath}\nconsole.error(${JSON.stringify(says)});\nprocess.exit(1);\n`);
  chmodSync(java, 0o755);
  const { code, why } = await refusal(["--memory", "--port", "0"], { PATH: directory });
  expect(code).toBe(1);
  expect(why).toMatch(/too old.*17/);
});

test("data of another version, and how to start anew", async () => {
  writeFileSync(join(directory, "version"), "0\n");
  const { code, why } = await refusal(["--data", directory, "--port", "0"]);
  expect(code).toBe(1);
  expect(why).toMatch(/version "0".*version \d.*remove.*--memory/);
});

test("a directory of something else is left alone", async () => {
  writeFileSync(join(directory, "thesis.txt"), "dear to somebody");
  const { code, why } = await refusal(["--data", directory, "--port", "0"]);
  expect(code).toBe(1);
  expect(why).toContain("other things");
  expect(statSync(join(directory, "thesis.txt")).size).toBe(16);
});

test.each([
  ["in a short path", 0],
  ["in a path too long for a socket", 120],
])(
  "data that another run uses, %s, by the name of that run; and free again once it has ended",
  async (_, length) => {
    const data = length === 0 ? join(directory, "data") : join(directory, "x".repeat(length), "data");
    mkdirSync(data, { recursive: true });
    const held = await openDataDirectory(data, "the Arx on http://localhost:1");
    const { code, why } = await refusal(["--data", data, "--port", "0"]);
    expect(code).toBe(1);
    expect(why).toContain("in use by the Arx on http://localhost:1");
    await held.lock.release();
    const again = await openDataDirectory(data, "another");
    await again.lock.release();
  },
);

test("a DynamoDB that is not there", async () => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const { code, why } = await refusal(["--memory", "--port", "0"], { DYNAMODB_ENDPOINT: endpoint });
  expect(code).toBe(1);
  expect(why).toContain(endpoint);
});
