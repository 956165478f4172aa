import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { analytics } from "../../contract/endpoints/analytics.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { makeAnalytics } from "../../functions/http/analytics.ts";
import { lambdaContext } from "../../scripts/local/lambda.ts";
import { anyRequest, bruteForce, chance, exactPercentile, storedItem } from "../rollups/requests.ts";
import { openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";

const HOUR = 3_600_000;
// Far ahead: DynamoDB Local takes away what has expired.
const NOW = Date.parse("2040-03-03T12:34:56.000Z");
const random = chance(11);
const requests = Array.from({ length: 400 }, () =>
  anyRequest(random, { since: NOW - 20 * HOUR, until: NOW }),
);

let world: TestWorld;
let key: string;
let handler: ReturnType<typeof makeAnalytics>;
beforeAll(async () => {
  world = await openTestWorld({ now: () => NOW });
  key = await serviceKey(world, ["requests:read", "metrics:read"]);
  handler = makeAnalytics(() => world);
  const records = requests.map((one, n) => ({ sequence: BigInt(n + 1), inserted: storedItem(one) }));
  await Rollups.count(world, "shard", records);
  await Rollups.fold(world);
}, 120_000);
afterAll(() => world.close());

async function get(path: string, query = "", headers: Record<string, string> = {}) {
  const event = {
    version: "2.0",
    rawPath: path,
    rawQueryString: query,
    headers: { host: "arx.example", authorization: `Bearer ${key}`, ...headers },
    queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
    requestContext: {
      http: { method: "GET", path, sourceIp: "192.0.2.1" },
      requestId: "q",
      domainName: "arx.example",
    },
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
  const answer: APIGatewayProxyStructuredResultV2 = await handler(event, lambdaContext("analytics", 9000));
  return { status: answer.statusCode!, headers: answer.headers!, body: JSON.parse(answer.body!) };
}
const about = (name: string, query = "", headers = {}) =>
  get(`/admin/api/v1/analytics/${name}`, query, headers);

test("summary, clients, nodes, errors: the counts of the model, the percentiles within 2 %", async () => {
  const model = bruteForce(requests, world.config.MAX_DISTANCE);
  const { body: summary } = await about("summary");
  expect(summary).toMatchObject({
    requests: 400,
    ...model.statuses,
    beyond_max_distance: model.total.far,
    since: "2040-03-02T12:34:00.000Z",
    until: "2040-03-03T12:35:00.000Z",
  });
  const exact = exactPercentile(model.total.times, 0.95);
  expect(Math.abs(summary.response_time_ms.p95 - exact) / exact).toBeLessThan(0.02);
  expect(summary.error_rate).toBeCloseTo(((summary.failed + summary.rejected) / 400) * 100, 2);

  const { body: clients } = await about("clients");
  expect(clients.total).toBe(model.by.clients.size);
  for (const one of clients.clients)
    expect(one.requests).toBe(model.by.clients.get(one.client_id ?? "")!.requests);
  const { body: nodes } = await about("nodes");
  for (const one of nodes.nodes) {
    const { requests, failed } = model.by.nodes.get(one.node_id)!;
    expect(one).toMatchObject({ requests, failed });
  }
  const { body: errors } = await about("errors");
  expect(
    Object.fromEntries(
      errors.errors.map((one: { error: string; requests: number }) => [one.error, one.requests]),
    ),
  ).toEqual(Object.fromEntries([...model.by.errors].map(([error, one]) => [error, one.requests])));
});

test("a ranking comes in pages that together are the whole, each once", async () => {
  const { body: whole } = await about("clients");
  const seen: string[] = [];
  let query = "limit=3";
  for (;;) {
    const { body, headers } = await about("clients", query);
    seen.push(...body.clients.map((one: { client_id: string }) => one.client_id));
    const next = /<([^>]+)>; rel="next"/.exec(String(headers.link ?? ""));
    if (!next) break;
    query = new URL(next[1]!).search.slice(1);
  }
  expect(seen).toEqual(whole.clients.map((one: { client_id: string }) => one.client_id));
});

test("timeseries: each bucket is there, and they add up, whatever the bucket", async () => {
  const range = "since=2040-03-03T01:00:00Z&until=2040-03-03T12:00:00Z";
  const between = requests.filter(
    ({ created_at: at }) =>
      at >= Date.parse("2040-03-03T01:00:00Z") && at < Date.parse("2040-03-03T12:00:00Z"),
  ).length;
  for (const [bucket, points] of [
    ["minute", 660],
    ["hour", 11],
  ] as const) {
    const { body } = await about("timeseries", `${range}&bucket=${bucket}`);
    expect(body.points).toHaveLength(points);
    expect(
      body.points.reduce((sum: number, one: { requests: number }) => sum + one.requests, 0),
      bucket,
    ).toBe(between);
  }
  expect((await about("timeseries", range)).body.bucket).toBe("hour");
  const days = (await about("timeseries", "since=2040-02-20&bucket=day")).body;
  expect(days.points.map((one: { at: string }) => one.at).at(-1)).toBe("2040-03-03T00:00:00.000Z");
  expect(days.points.reduce((sum: number, one: { requests: number }) => sum + one.requests, 0)).toBe(400);
});

test("heatmap: cells of each precision add up; GeoJSON when it is asked for, valid and the same", async () => {
  for (const precision of [1, 2, 3, 4]) {
    const { body } = await about("heatmap", `precision=${precision}`);
    expect(body.cells.every((one: { geohash: string }) => one.geohash.length === precision)).toBe(true);
    expect(body.cells.reduce((sum: number, one: { requests: number }) => sum + one.requests, 0)).toBe(400);
  }
  const { body: plain } = await about("heatmap");
  const { body: json, headers } = await about("heatmap", "", { accept: "application/geo+json, */*;q=0.1" });
  expect(headers["content-type"]).toBe("application/geo+json");
  expect(json.type).toBe("FeatureCollection");
  expect(json.features).toHaveLength(plain.cells.length);
  for (const [i, feature] of json.features.entries()) {
    const [ring] = feature.geometry.coordinates as [[number, number][]];
    expect(feature).toMatchObject({ type: "Feature", geometry: { type: "Polygon" } });
    expect(ring).toHaveLength(5);
    expect(ring[0]).toEqual(ring[4]);
    const area = ring.slice(1).reduce((sum, [x, y], n) => sum + ring[n]![0] * y - x * ring[n]![1], 0);
    expect(area, "counterclockwise, as RFC 7946 wants it").toBeGreaterThan(0);
    for (const [lng, lat] of ring) expect(Math.abs(lng) <= 180 && Math.abs(lat) <= 90).toBe(true);
    const { geohash, lat, lng, requests } = plain.cells[i];
    expect(feature.properties).toMatchObject({ geohash, requests });
    expect(lng > ring[0]![0] && lng < ring[1]![0] && lat > ring[0]![1] && lat < ring[2]![1]).toBe(true);
  }
});

test("gaps: those far or rejected, ranked, each with a place among them, at the antimeridian and the pole too", async () => {
  const { body } = await about("gaps");
  const model = bruteForce(requests, world.config.MAX_DISTANCE);
  const wanted = [...model.by.cells].map(([cell, one]) => [cell, one.far + one.rejected] as const);
  const scores = body.gaps.map((one: { unserved: number }) => one.unserved);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(
    Object.fromEntries(
      body.gaps.map((one: { geohash: string; unserved: number }) => [one.geohash, one.unserved]),
    ),
  ).toEqual(Object.fromEntries(wanted.filter(([, score]) => score > 0)));
  for (const one of body.gaps) {
    const near = [
      [47.37, 8.54],
      [38.72, -9.14],
      [-17.7, 179.99],
      [89.9, 10],
    ].some(
      ([lat, lng]) =>
        Math.abs(one.lat - lat!) < 0.2 && (lat! > 89 || Math.abs(Math.abs(one.lng) - Math.abs(lng!)) < 0.05),
    );
    expect(near, JSON.stringify(one)).toBe(true);
    expect(one.within_reach).toBeGreaterThanOrEqual(one.unserved);
  }
});

test("dashboard: nodes, the newest requests and the figures of the last hour", async () => {
  const { status, body } = await get("/admin/api/v1/dashboard/metrics");
  expect(status).toBe(200);
  expect(body).toMatchObject({ total_nodes: 0, healthy_nodes: 0, recent_requests: [] });
  const lastHour = requests.filter(({ created_at: at }) => at >= Date.parse("2040-03-03T11:34:00Z")).length;
  expect(body.system_metrics[0]).toMatchObject({ metric_name: "requests_last_hour", metric_value: lastHour });
});

test("every answer is one that the contract knows", async () => {
  for (const { path, output } of Object.values(analytics)) {
    const { status, body } = await get(path);
    expect(status, path).toBe(200);
    expect(z.safeParse(output, body).error?.issues, path).toBeUndefined();
  }
});

describe("bad input", () => {
  test.each([
    ["summary", "since=2040-03-03&until=2040-03-02", "since"],
    ["summary", "since=2041-01-01", "since"],
    ["summary", "since=yesterday", "since"],
    ["summary", "until=2040-03-03T00:00:00", "until"],
    ["summary", "since=2030-01-01&until=2030-01-02", "since"],
    ["clients", "limit=0", "limit"],
    ["clients", "limit=1001", "limit"],
    ["heatmap", "precision=0", "precision"],
    ["heatmap", "precision=5", "precision"],
    ["heatmap", "precision=2.5", "precision"],
    ["gaps", "precision=x", "precision"],
    ["timeseries", "bucket=week", "bucket"],
    ["timeseries", "bucket=minute", "bucket"],
    ["timeseries", "bucket=minute&since=2040-02-20T00:00:00Z&until=2040-02-20T01:00:00Z", "bucket"],
    ["timeseries", "bucket=hour&since=2039-12-01&until=2039-12-02", "bucket"],
    ["timeseries", "bucket=hour&since=2040-01-01", "bucket"],
  ])("%s?%s is refused, naming %s", async (name, query, field) => {
    const { status, body } = await about(name, query);
    expect(status).toBe(400);
    expect(body.errors.map((one: { path: string }) => one.path)).toEqual([field]);
  });

  test("a cursor from elsewhere, or of another precision, is refused", async () => {
    const { headers } = await about("heatmap", "limit=1&precision=4");
    const cursor = /cursor=([^&>]+)/.exec(String(headers.link))![1]!;
    expect((await about("heatmap", `limit=1&precision=4&cursor=${cursor}`)).status).toBe(200);
    for (const query of [`precision=3&cursor=${cursor}`, "cursor=abc"])
      expect((await about("heatmap", query)).status).toBe(400);
    expect((await about("clients", `cursor=${cursor}`)).status).toBe(400);
  });

  test("without a credential there is nothing to see", async () => {
    for (const { path } of Object.values(analytics))
      expect((await get(path, "", { authorization: "" })).status, path).toBe(401);
  });
});
