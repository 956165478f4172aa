import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Realtime } from "../../core/realtime/index.ts";
import { BUNDLING } from "../../stacks/bundling.ts";
import { FUNCTIONS, type FunctionName } from "../../stacks/functions.ts";
import { GRANTS } from "../../stacks/grants.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NAMES = Object.keys(FUNCTIONS) as FunctionName[];
const run = promisify(execFile);
const SHIPPED = BUNDLING as unknown as BuildOptions;
const PLAIN: BuildOptions = { bundle: true, platform: "node", format: "esm", banner: BUNDLING.banner };
/** What stands in every function's environment on Lambda. */
const LAMBDA = {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKID",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
};

let directory: string;
let world: TestWorld;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "arx-bundles-"));
  world = await openTestWorld();
});

afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

async function bundle(
  entry: string,
  options: BuildOptions,
  file: string,
): Promise<{ path: string; metafile: Metafile }> {
  const path = join(directory, file);
  const { metafile } = await build({
    ...options,
    entryPoints: [join(ROOT, entry)],
    absWorkingDir: ROOT,
    outfile: path,
    metafile: true,
    logLevel: "error",
  });
  return { path, metafile };
}

describe("what is trimmed from the AWS SDK", () => {
  it("changes nothing that is sent, and nothing that is made of the answers", async () => {
    const said = await Promise.all(
      [SHIPPED, PLAIN].map(async (options, i) => {
        const { path } = await bundle("test/stacks/sdk-calls.ts", options, `calls-${i}.mjs`);
        const { stdout } = await run(process.execPath, [path], { env: LAMBDA });
        return JSON.parse(stdout) as unknown[];
      }),
    );
    expect(said[0]!.length).toBeGreaterThan(40);
    expect(said[0]).toEqual(said[1]);
    const hosts = new Set(said[0]!.flatMap((one) => (one as { hostname?: string }).hostname ?? []));
    expect(hosts).toContain("dynamodb.eu-central-1.amazonaws.com");
    expect(hosts).toContain("dynamodb.cn-north-1.amazonaws.com.cn");
  });
});

describe("bundles", () => {
  it.each(NAMES)("%s holds the calls that it is granted, and no other", async (name) => {
    const { metafile } = await bundle(FUNCTIONS[name].entry, SHIPPED, `${name}.mjs`);
    const [output] = Object.values(metafile.outputs);
    const calls = new Set(
      Object.entries(output!.inputs).flatMap(([input, { bytesInOutput }]) => {
        const call =
          /client-(dynamodb|sqs|apigatewaymanagementapi)\/dist-es\/commands\/(\w+)Command\.js$/.exec(input);
        // The client's own, for endpoint discovery, which is off.
        return call && bytesInOutput > 0 && call[2] !== "DescribeEndpoints" ? [call[2]!] : [];
      }),
    );
    const granted = new Set<string>(Object.values(GRANTS[name].tables).flat());
    if (GRANTS[name].sends) granted.add("SendMessageBatch");
    if (GRANTS[name].delays) granted.add("ChangeMessageVisibility");
    for (const method of GRANTS[name].pushes ?? [])
      granted.add(method === "POST" ? "PostToConnection" : "DeleteConnection");
    const writes = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    for (const call of calls)
      if (call !== "TransactWriteItems") expect(granted, `${name} calls ${call}`).toContain(call);
    if (calls.has("TransactWriteItems")) for (const write of writes) calls.add(write);
    for (const call of granted) expect(calls, `${name} is granted ${call}`).toContain(call);
  });

  it.each([
    ["service", "GET", "/api/v1/health", 200, { database: { connected: true } }],
    ["service", "GET", "/nowhere", 404, { status: 404 }],
    ["routing", "POST", "/api/v1/route", 503, { code: "NO_NODES" }],
    ["nodes", "GET", "/admin/api/v1/nodes", 401, { status: 401 }],
    ["nodes", "GET", "/api/v1/nodes", 200, []],
    ["discovery", "POST", "/admin/api/v1/discovery/discover", 401, { status: 401 }],
  ] as const)("%s answers %s %s from its bundle", async (name, method, path, status, body) => {
    const { path: file } = await bundle(FUNCTIONS[name].entry, SHIPPED, `${name}.mjs`);
    const request = JSON.stringify({ request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 } });
    const event = {
      version: "2.0",
      routeKey: `${method} ${path}`,
      rawPath: path,
      rawQueryString: "",
      headers: { "content-type": "application/json", host: "arx.example" },
      requestContext: {
        http: { method, path, sourceIp: "192.0.2.1" },
        requestId: "q",
        domainName: "arx.example",
      },
      ...(method === "POST" ? { body: request } : {}),
      isBase64Encoded: false,
    };
    const answer = (await call(file, event)) as { statusCode: number; body: string };
    expect(answer.statusCode, answer.body).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(body);
  });

  it("realtime refuses who has no ticket, and answers a ping over the socket, from its bundle", async () => {
    const { path: file } = await bundle(FUNCTIONS.realtime.entry, SHIPPED, "realtime.mjs");
    const posted: string[] = [];
    const sockets = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on("end", () => {
        posted.push(`${request.method} ${request.url} ${text}`);
        response.end();
      });
    });
    await new Promise<void>((listening) => sockets.listen(0, "127.0.0.1", listening));
    try {
      const endpoint = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}/ws`;
      const context = { connectionId: "Zq-1=", requestId: "q" };
      const connect = {
        requestContext: { ...context, routeKey: "$connect" },
        headers: {},
        queryStringParameters: { channel: "admin", ticket: "arx_ticket_made-up" },
      };
      expect(await call(file, connect, { ARX_REALTIME_ENDPOINT: endpoint })).toMatchObject({
        statusCode: 401,
      });
      await Realtime.open(world, context.connectionId, { kind: "admin", id: "test" }, true);
      const ping = { requestContext: { ...context, routeKey: "$default" }, body: '{"action":"ping"}' };
      expect(await call(file, ping, { ARX_REALTIME_ENDPOINT: endpoint })).toMatchObject({ statusCode: 200 });
      expect(posted).toEqual([expect.stringMatching(/^POST \/ws\/@connections\/Zq-1%3D \{"type":"pong"/)]);
    } finally {
      sockets.close();
    }
  });
});

/** What a bundle's handler answers to an event, in a process of its own with a function's environment. */
async function call(file: string, event: unknown, env: Record<string, string> = {}): Promise<unknown> {
  const script = `const { handler } = await import(process.argv[1]);
    const answer = await handler(JSON.parse(process.argv[2]), { getRemainingTimeInMillis: () => 9000, awsRequestId: "a" });
    console.log("\\n" + JSON.stringify(answer)); process.exit(0);`;
  const { stdout } = await run(
    process.execPath,
    ["--input-type=module", "-e", script, file, JSON.stringify(event)],
    {
      env: {
        ...LAMBDA,
        AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint"),
        ARX_TABLE_PREFIX: world.config.ARX_TABLE_PREFIX,
        ARX_ADMIN_KEY: "bundles-admin-key-0123",
        ...env,
      },
    },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
