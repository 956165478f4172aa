import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, expect, inject, test } from "vitest";
import { freePort, patientClient } from "../../scripts/local/dynamodb.ts";
import { ADMIN, descendants, eventually, isAlive, type LocalRun, logIn, ready, startMain } from "./child.ts";

const LONG = 240_000;
/** Kills of the last test; the bar of reliability.md 4 is 200. */
const KILLS = Number(process.env.ARX_KILLS ?? 3);

const runs: LocalRun[] = [];
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill("SIGKILL");
    await run.ended;
  }
});

interface Started {
  readonly run: LocalRun;
  readonly origin: string;
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

async function start(args: string[], env: Record<string, string> = {}): Promise<Started> {
  const port = await freePort();
  const run = startMain([...args, "--port", String(port)], { ...ADMIN, ...env });
  runs.push(run);
  const origin = `http://127.0.0.1:${port}`;
  await ready(run, origin);
  const token = await logIn(origin, env.ARX_ADMIN_EMAIL, env.ARX_ADMIN_PASSWORD);
  return {
    run,
    origin,
    async call(method, path, body) {
      const answer = await fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
    },
  };
}

/** A node, and every other one too: each answers under its own path. A forwarded request is held until `onProcess` is through. */
async function startNode(onProcess = async () => {}): Promise<{ endpoint: string; server: Server }> {
  const server = createServer((request, response) => {
    const held = request.url?.endsWith("/process") ? onProcess() : Promise.resolve();
    void held.then(() => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"status":"healthy"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const node = (id: string, endpoint: string) => ({
  id,
  name: id,
  location: { lat: 47, lng: 8 },
  endpoint: `${endpoint}/${id}`,
  auto_start: true,
});

test("it comes up with a database of its own, routes a client, and SIGINT ends all of it once what is asked is answered", {
  timeout: LONG,
}, async () => {
  let release: (_?: unknown) => void = () => {};
  let forwarded: (_?: unknown) => void = () => {};
  const underWay = new Promise((resolve) => {
    forwarded = resolve;
  });
  const { endpoint, server } = await startNode(async () => {
    forwarded();
    await new Promise((resolve) => {
      release = resolve;
    });
  });
  const arx = await start(["--memory"], { HEALTH_CHECK_INTERVAL: "1" });
  expect((await arx.call("POST", "/admin/api/v1/nodes/register", node("n1", endpoint))).status).toBe(201);
  const routed = await eventually(
    () => arx.call("POST", "/api/v1/route", { request_id: "r", coordinates: { lat: 47, lng: 8.1 } }),
    ({ status }) => status === 200,
  );
  expect(routed.body).toMatchObject({ routed_to: { id: "n1" } });
  expect((await arx.call("GET", "/nothing")).status).toBe(404);
  expect((await arx.call("PATCH", "/api/v1/route")).status).toBe(405);
  const started = descendants(arx.run.pid);
  expect(started.length).toBeGreaterThanOrEqual(2);
  const asked = { request_id: "p", coordinates: { lat: 47, lng: 8.1 }, payload: {} };
  const answered = arx.call("POST", "/api/v1/route", asked);
  await underWay;
  // As a terminal and npm do it together.
  arx.run.kill("SIGINT");
  arx.run.kill("SIGINT");
  await arx.run.saying("Stopping");
  release();
  expect((await answered).status).toBe(200);
  expect(await arx.run.ended).toBe(0);
  expect(started.filter(isAlive)).toEqual([]);
  server.close();
});

test("a DynamoDB of another is used, and --memory leaves nothing in it", { timeout: LONG }, async () => {
  const endpoint = inject("dynamodbEndpoint");
  const client = patientClient(endpoint);
  const mine = async () => {
    const names: string[] = [];
    let from: string | undefined;
    do {
      const page = await client.send(new ListTablesCommand(from ? { ExclusiveStartTableName: from } : {}));
      names.push(...(page.TableNames ?? []));
      from = page.LastEvaluatedTableName;
    } while (from);
    return names.filter((name) => /^arx-[0-9a-f]{12}-/.test(name));
  };
  const arx = await start(["--memory"], { DYNAMODB_ENDPOINT: endpoint });
  expect(descendants(arx.run.pid)).toEqual([]);
  expect((await mine()).length).toBeGreaterThan(3);
  arx.run.kill("SIGTERM");
  expect(await arx.run.ended).toBe(0);
  expect(await mine()).toEqual([]);
  client.destroy();
});

test("an admin and a key are made up, printed, kept for the user alone, and used again; a password that is named goes before", {
  timeout: LONG,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "arx-test-"));
  const env = {
    DYNAMODB_ENDPOINT: inject("dynamodbEndpoint"),
    ARX_TABLE_PREFIX: `k${randomBytes(6).toString("hex")}`,
    ARX_ADMIN_EMAIL: "",
  };
  const round = async (
    given: Record<string, string>,
    ask: (origin: string, said: string) => Promise<void>,
  ) => {
    const port = await freePort();
    const run = startMain(["--data", data, "--port", String(port)], { ...env, ...given });
    runs.push(run);
    const origin = `http://127.0.0.1:${port}`;
    await ready(run, origin);
    await ask(origin, await run.saying("Ctrl-C"));
    run.kill("SIGINT");
    await run.ended;
  };
  try {
    const printed: (string | undefined)[][] = [];
    for (let rounds = 0; rounds < 2; rounds++) {
      await round({}, async (origin, said) => {
        const [, password] = /admin@localhost, password (\S{24})/.exec(said)!;
        const [key] = /arx_key_[\w-]+/.exec(said)!;
        printed.push([password, key]);
        const nodes = (token: string) =>
          fetch(`${origin}/admin/api/v1/nodes`, { headers: { authorization: `Bearer ${token}` } });
        expect((await nodes(key)).status).toBe(200);
        expect((await nodes(await logIn(origin, "admin@localhost", password))).status).toBe(200);
      });
    }
    expect(printed[0]).toEqual(printed[1]);
    for (const file of ["admin-password", "service-key", "sealing-key"])
      expect([file, statSync(join(data, file)).mode & 0o777]).toEqual([file, 0o600]);
    await round({ ARX_ADMIN_PASSWORD: "another horse" }, async (origin, said) => {
      expect(said).not.toContain("another horse");
      await logIn(origin, "admin@localhost", "another horse");
      await expect(logIn(origin, "admin@localhost", printed[0]![0])).rejects.toThrow("401");
    });
  } finally {
    rmSync(data, { recursive: true });
  }
});

test("the demo fleet is registered; a node that is killed leaves the pool and comes back; the next run finds it anew", {
  timeout: LONG,
}, async () => {
  const env = {
    DYNAMODB_ENDPOINT: inject("dynamodbEndpoint"),
    ARX_TABLE_PREFIX: `d${randomBytes(6).toString("hex")}`,
    HEALTH_CHECK_INTERVAL: "1",
  };
  const endpoints: unknown[] = [];
  for (let round = 0; round < 2; round++) {
    const arx = await start(["--memory", "--demo"], env);
    const control = /(http:\S+)\/kill\//.exec(await arx.run.saying("Ctrl-C"))![1]!;
    const fleet = descendants(arx.run.pid);
    expect(fleet).toHaveLength(1);
    const listed = await arx.call("GET", "/admin/api/v1/nodes?limit=1000");
    expect(listed.body).toHaveLength(24);
    const status = async () => (await arx.call("GET", "/admin/api/v1/nodes/edge-zurich/status")).body;
    endpoints.push((await eventually(status, (seen) => seen.status === "healthy")).endpoint);
    expect((await fetch(`${control}/kill/edge-zurich`, { method: "POST" })).status).toBe(200);
    await eventually(status, (seen) => seen.status === "unhealthy");
    const asked = { request_id: "r", coordinates: { lat: 47.3769, lng: 8.5417 }, payload: { hello: "edge" } };
    const routed = await arx.call("POST", "/api/v1/route", asked);
    expect(routed.status).toBe(200);
    expect(routed.body).toMatchObject({ response_data: { echo: { payload: { hello: "edge" } } } });
    expect(routed.body.routed_to).not.toMatchObject({ id: "edge-zurich" });
    expect((await fetch(`${control}/revive/edge-zurich`, { method: "POST" })).status).toBe(200);
    await eventually(status, (seen) => seen.status === "healthy");
    expect((await fetch(`${control}/kill/edge-atlantis`, { method: "POST" })).status).toBe(404);
    arx.run.kill("SIGTERM");
    expect(await arx.run.ended).toBe(0);
    expect(fleet.filter(isAlive)).toEqual([]);
  }
  expect(endpoints[0]).not.toBe(endpoints[1]);
});

test(`killed ${KILLS} times at random write points, every acknowledged write is there, and every node known is watched`, {
  timeout: LONG + KILLS * 30_000,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "arx-test-"));
  const { endpoint, server } = await startNode();
  const acknowledged: string[] = [];
  try {
    for (let kill = 0; kill <= KILLS; kill++) {
      const arx = await start(["--data", data], { HEALTH_CHECK_INTERVAL: "1" });
      const look = (id: string) => arx.call("GET", `/admin/api/v1/nodes/${id}/status`);
      for (const id of acknowledged) expect([id, (await look(id)).status]).toEqual([id, 200]);
      if (kill === KILLS) {
        for (const id of acknowledged)
          await eventually(
            () => look(id),
            ({ body }) => body.status === "healthy",
          );
        arx.run.kill("SIGINT");
        expect(await arx.run.ended).toBe(0);
        break;
      }
      const started = descendants(arx.run.pid);
      const before = acknowledged.length;
      const killed = eventually(
        async () => acknowledged.length,
        (now) => now > before,
      )
        .then(() => sleep(Math.random() * 1000))
        .then(() => arx.run.kill("SIGKILL"));
      // Three at a time, so that the kill falls into writes at different points.
      await Promise.all(
        [0, 1, 2].map((lane) => writeUntilGone(arx, `k${kill}-${lane}`, endpoint, acknowledged)),
      );
      await killed;
      expect(await arx.run.ended).toBe("SIGKILL");
      await eventually(
        async () => started.filter(isAlive).length,
        (left) => left === 0,
      );
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS);
  } finally {
    server.close();
    rmSync(data, { recursive: true });
  }
});

async function writeUntilGone(
  arx: Started,
  prefix: string,
  endpoint: string,
  acknowledged: string[],
): Promise<void> {
  for (let n = 0; ; n++) {
    const id = `${prefix}-${n}`;
    try {
      const { status } = await arx.call("POST", "/admin/api/v1/nodes/register", node(id, endpoint));
      if (status === 201) acknowledged.push(id);
    } catch {
      return;
    }
  }
}
