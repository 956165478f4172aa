import { expect, test } from "vitest";
import { ENDPOINTS } from "../../contract/index.ts";
import { type RouteSource, routesOf } from "./routes.ts";

const all: RouteSource[] = Object.values(ENDPOINTS);
const match = routesOf(all);
const list = (
  ...routes: [RouteSource["method"], RouteSource["path"], RouteSource["domain"]][]
): RouteSource[] => routes.map(([method, path, domain]) => ({ method, path, domain }));

test("every endpoint of the contract has its route, to its own domain", () => {
  for (const { method, path, domain } of all) {
    const filled = path.replaceAll(/\{[^}]+\}/g, "some-id");
    expect(match(method, filled)).toMatchObject({ routeKey: `${method} ${path}`, domain });
  }
  expect(all.length).toBeGreaterThan(10);
});

test("what no endpoint takes goes to the service function", () => {
  for (const [method, path] of [
    ["GET", "/nothing"],
    ["PATCH", "/api/v1/route"],
    ["HEAD", "/health"],
    ["OPTIONS", "/api/v1/route"],
    ["POST", "/api/v1/route/"],
    ["GET", "/api/v1/nodes/a/b"],
    ["GET", "/api/v1/nodes/"],
    ["GET", "//health"],
  ] as const) {
    expect(match(method, path)).toEqual({ routeKey: "$default", domain: "service" });
  }
});

test("a literal path goes before one with a parameter, whatever their order", () => {
  const routes = list(
    ["GET", "/a/{x}/{y}", "nodes"],
    ["GET", "/a/{x}/end", "discovery"],
    ["GET", "/a/{x}", "nodes"],
    ["GET", "/a/here", "routing"],
  );
  for (const given of [routes, routes.toReversed()]) {
    const find = routesOf(given);
    expect(find("GET", "/a/here").domain).toBe("routing");
    expect(find("GET", "/a/there")).toMatchObject({ domain: "nodes", pathParameters: { x: "there" } });
    expect(find("GET", "/a/b/end")).toMatchObject({ domain: "discovery", pathParameters: { x: "b" } });
    expect(find("GET", "/a/b/c")).toMatchObject({ domain: "nodes", pathParameters: { x: "b", y: "c" } });
    expect(find("GET", "/a//end").routeKey).toBe("$default");
  }
});
