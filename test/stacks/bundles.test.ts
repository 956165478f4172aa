import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { systemCtx } from "../../core/ctx.ts";
import { Users } from "../../core/users/index.ts";
import { BUNDLING } from "../../stacks/bundling.ts";
import { type Chunks, chunksOf } from "../../stacks/chunks.ts";
import { FUNCTIONS, type FunctionName } from "../../stacks/functions.ts";
import { GRANTS } from "../../stacks/grants.ts";
import { startFakeKms } from "../sealing/kms.ts";
import { openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";
import { mayUseKey } from "./granted.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NAMES = Object.keys(FUNCTIONS) as FunctionName[];
/** Those that somebody calls: what Arx does of itself is neither limited nor audited. */
const CALLED = NAMES.filter((name) => ["http", "socket"].includes(FUNCTIONS[name].kind));
const run = promisify(execFile);
const SHIPPED = BUNDLING as unknown as BuildOptions;
const PLAIN: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  outExtension: BUNDLING.outExtension,
  banner: BUNDLING.banner,
};
/** What stands in every function's environment on Lambda. */
const LAMBDA = {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKID",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
};

/** Of the form of ours, but signed by nobody. */
const MADE_UP_TOKEN = [{ alg: "EdDSA", typ: "at+jwt", kid: "k" }, { sub: "u", role: "admin" }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  .join(".");

const ZURICH = { lat: 47.37, lng: 8.54 };

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

interface Bundle extends Chunks {
  /** What Lambda would load. */
  readonly path: string;
  readonly metafile: Metafile;
}

async function bundle(source: string, options: BuildOptions, into: string): Promise<Bundle> {
  const { metafile } = await build({
    ...options,
    entryPoints: [join(ROOT, source)],
    absWorkingDir: ROOT,
    outdir: join(directory, into),
    metafile: true,
    logLevel: "error",
  });
  const chunks = chunksOf(metafile, source);
  return { ...chunks, path: resolve(ROOT, chunks.entry), metafile };
}

const shipped = (name: FunctionName) => bundle(FUNCTIONS[name].entry, SHIPPED, name);

/** What there is of `modules` in some files of a bundle. */
function found({ metafile }: Bundle, files: readonly string[], modules: RegExp): string[] {
  return files.flatMap((file) =>
    Object.entries(metafile.outputs[file]!.inputs).flatMap(([input, { bytesInOutput }]) => {
      const match = modules.exec(input);
      return match && bytesInOutput > 0 ? [match[1]!] : [];
    }),
  );
}

describe("what is trimmed from the AWS SDK", () => {
  it("changes nothing that is sent, and nothing that is made of the answers", async () => {
    const said = await Promise.all(
      [SHIPPED, PLAIN].map(async (options, i) => {
        const { path } = await bundle("test/stacks/sdk-calls.ts", options, `calls-${i}`);
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
    const whole = await shipped(name);
    const commands =
      /client-(?:dynamodb|sqs|kms|apigatewaymanagementapi)\/dist-es\/commands\/(\w+)Command\.js$/;
    const calls = new Set(found(whole, [...whole.atStart, ...whole.later], commands));
    // The client's own, for endpoint discovery, which is off.
    calls.delete("DescribeEndpoints");
    const granted = new Set<string>(Object.values(GRANTS[name].tables).flat());
    if (GRANTS[name].sends) granted.add("SendMessageBatch");
    if (GRANTS[name].delays) granted.add("ChangeMessageVisibility");
    // Sealing is one module: who only opens brings the code of both, and the right to one.
    if (GRANTS[name].seals ?? GRANTS[name].opens)
      for (const call of ["GenerateDataKey", "Decrypt"]) granted.add(call);
    for (const method of GRANTS[name].pushes ?? [])
      granted.add(method === "POST" ? "PostToConnection" : "DeleteConnection");
    const writes = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    for (const call of calls)
      if (call !== "TransactWriteItems") expect(granted, `${name} calls ${call}`).toContain(call);
    if (calls.has("TransactWriteItems")) for (const write of writes) calls.add(write);
    for (const call of granted) expect(calls, `${name} is granted ${call}`).toContain(call);
  });

  it.each(CALLED)("%s may do on these tables what it holds the code for", async (name) => {
    const whole = await shipped(name);
    const files = [...whole.atStart, ...whole.later];
    const needs: [RegExp, Record<string, readonly string[]>][] = [
      [
        /^(functions\/http\/identify)\.ts$/,
        { sessions: ["GetItem"], "signing-keys": ["GetItem"], credentials: ["GetItem", "UpdateItem"] },
      ],
      [/^(core\/limits\/shared)\.ts$/, { limits: ["UpdateItem"] }],
      [/^(core\/audit\/write)\.ts$/, { audit: ["PutItem"] }],
      [
        /^(functions\/http\/idempotency)\.ts$/,
        { idempotency: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"] },
      ],
    ];
    const { tables } = GRANTS[name];
    let met = 0;
    for (const [module, wanted] of needs) {
      if (found(whole, files, module).length === 0) continue;
      met++;
      for (const [table, actions] of Object.entries(wanted))
        expect(tables[table], `${name} on ${table}`).toEqual(expect.arrayContaining([...actions]));
    }
    expect(met).toBeGreaterThan(0);
  });

  it("load neither who calls nor what seals before it is needed", async () => {
    const late = /node_modules\/(jose|@aws-crypto\/\w+-node|@aws-sdk\/client-kms)\//;
    for (const name of ["routing", "nodes", "requests"] as const) {
      const whole = await shipped(name);
      expect(new Set(found(whole, whole.atStart, late)), name).toEqual(new Set());
      expect(found(whole, whole.later, /node_modules\/(jose)\//).length, name).toBeGreaterThan(0);
    }
    const auth = await shipped("auth");
    expect(
      found(auth, auth.atStart, /node_modules\/(@aws-crypto\/kms-keyring-node|@aws-sdk\/client-kms)\//),
    ).toEqual([]);
    expect(found(auth, auth.later, /node_modules\/(@aws-crypto\/kms-keyring-node)\//).length).toBeGreaterThan(
      0,
    );
  });

  it.each([
    ["service", "GET", "/api/v1/health", 200, { database: { connected: true } }],
    ["service", "GET", "/nowhere", 404, { status: 404 }],
    ["routing", "POST", "/api/v1/route", 503, { code: "NO_NODES" }],
    ["nodes", "GET", "/admin/api/v1/nodes", 401, { status: 401 }],
    ["nodes", "GET", "/api/v1/nodes", 200, []],
    ["discovery", "POST", "/admin/api/v1/discovery/discover", 401, { status: 401 }],
  ] as const)("%s answers %s %s from its bundle", async (name, method, path, status, body) => {
    const request = { request_id: "r-1", coordinates: ZURICH };
    const asked = httpEvent(method, path, method === "POST" ? request : undefined);
    const answer = await callHttp((await shipped(name)).path, asked);
    expect(answer.statusCode, answer.body).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(body);
  });

  it.each([
    ["routing", "POST", "/api/v1/route", "arx_key_made-up"],
    ["routing", "POST", "/api/v1/route", MADE_UP_TOKEN],
    ["nodes", "GET", "/admin/api/v1/nodes", MADE_UP_TOKEN],
  ] as const)(
    "%s refuses %s %s with a credential that is no good, from its bundle",
    async (name, method, path, credential) => {
      const body = { request_id: "r-1", coordinates: ZURICH };
      const asked = httpEvent(method, path, method === "POST" ? body : undefined, credential);
      const answer = await callHttp((await shipped(name)).path, asked);
      expect(answer.statusCode, answer.body).toBe(401);
      expect(JSON.parse(answer.body).detail).toMatch(/not valid/);
    },
  );

  it("auth signs by a key that KMS wraps, and nodes seals what it takes in, as their grants say, from their bundles", async () => {
    const kms = await startFakeKms();
    try {
      const env = {
        AWS_ENDPOINT_URL_KMS: kms.endpoint,
        ARX_SEALING_KEY: "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      };
      const ask = async (name: FunctionName, event: unknown): Promise<HttpAnswer> => {
        const before = kms.calls.length;
        const answered = await callHttp((await shipped(name)).path, event, env);
        for (let at = before; at < kms.calls.length; at++)
          expect(mayUseKey(name, kms.calls[at]!, kms.contexts[at]!), `${name} calls ${kms.calls[at]}`).toBe(
            true,
          );
        return answered;
      };
      const ada = { email: "ada@example.com", password: "correct horse battery" };
      const made = await ask("auth", httpEvent("POST", "/api/v1/auth/register", ada));
      expect(made.statusCode, made.body).toBe(201);
      const root = { email: "root@example.com", password: "correct horse battery" };
      await Users.createAdmin(systemCtx(world, "bundles", "r"), root);
      const tokens: string[] = [];
      // The first login makes the key and seals it; the others, in processes that never held it, open what was sealed.
      for (const user of [ada, root]) {
        const granted = await ask("auth", httpEvent("POST", "/api/v1/auth/login", user));
        expect(granted.statusCode, granted.body).toBe(200);
        tokens.push((JSON.parse(granted.body) as { access_token: string }).access_token);
      }
      expect(kms.calls).toContain("Decrypt");
      const node = {
        name: "zurich-1",
        location: ZURICH,
        endpoint: "https://zurich.example",
        provider: "anthropic",
      };
      const body = { ...node, credentials: { oauthTokenEncrypted: "canary" } };
      const event = (token: string) =>
        httpEvent("POST", "/admin/api/v1/nodes", body, token, { "idempotency-key": "k-1" });
      expect((await ask("nodes", event(tokens[0]!))).statusCode).toBe(403);
      const asked = kms.calls.length;
      const answers = [await ask("nodes", event(tokens[1]!)), await ask("nodes", event(tokens[1]!))];
      expect(
        answers.map(({ statusCode }) => statusCode),
        answers[0]!.body,
      ).toEqual([201, 201]);
      expect(answers[1]!.body).toBe(answers[0]!.body);
      expect(kms.calls.slice(asked)).toEqual(["GenerateDataKey", "GenerateDataKey", "Decrypt"]);
    } finally {
      await kms.close();
    }
  });

  it("realtime refuses a made-up ticket, lets a service key in and answers its ping over the socket, from its bundle", async () => {
    const { path: file } = await shipped("realtime");
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
      const key = await serviceKey(world, ["events:read"]);
      const allowed = {
        ...connect,
        headers: { Authorization: `Bearer ${key}` },
        queryStringParameters: { channel: "admin" },
      };
      expect(await call(file, allowed, { ARX_REALTIME_ENDPOINT: endpoint })).toMatchObject({
        statusCode: 200,
      });
      const ping = { requestContext: { ...context, routeKey: "$default" }, body: '{"action":"ping"}' };
      expect(await call(file, ping, { ARX_REALTIME_ENDPOINT: endpoint })).toMatchObject({ statusCode: 200 });
      expect(posted).toEqual([expect.stringMatching(/^POST \/ws\/@connections\/Zq-1%3D \{"type":"pong"/)]);
    } finally {
      sockets.close();
    }
  });
});

function httpEvent(
  method: string,
  path: string,
  body?: unknown,
  credential?: string,
  headers: Record<string, string> = {},
) {
  return {
    version: "2.0",
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: "",
    headers: {
      "content-type": "application/json",
      host: "arx.example",
      ...(credential ? { authorization: `Bearer ${credential}` } : {}),
      ...headers,
    },
    requestContext: {
      http: { method, path, sourceIp: "192.0.2.1" },
      requestId: "q",
      domainName: "arx.example",
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    isBase64Encoded: false,
  };
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
}

async function callHttp(file: string, event: unknown, env: Record<string, string> = {}): Promise<HttpAnswer> {
  return (await call(file, event, env)) as HttpAnswer;
}

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
        ...env,
      },
    },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
