import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { Invalid, type Issue } from "../errors.ts";
import { parseOrThrow } from "../verb.ts";
import {
  adminRegisterInput,
  discoverInput,
  drainInput,
  listInput,
  registerInput,
  transitionsInput,
  updateInput,
} from "./schema.ts";

beforeAll(() => {
  z.config(z.locales.en());
});

const valid = {
  name: "Zurich 1",
  location: { lat: 47.3769, lng: 8.5417 },
  endpoint: "https://z.example.com",
};

function issuesOf(schema: z.core.$ZodType, input: unknown): readonly Issue[] {
  try {
    parseOrThrow(schema, input, "It");
  } catch (error) {
    if (error instanceof Invalid) return error.issues;
    throw error;
  }
  return [];
}
const register = (more: object) => parseOrThrow(registerInput, { ...valid, ...more }, "It");
const { location: _, ...unplaced } = valid;

describe("a position", () => {
  it.each([
    [{ location: { lat: 1.5, lng: 2.5 } }],
    [{ location: { x: 2.5, y: 1.5 } }],
    [{ lat: 1.5, lng: 2.5 }],
    [{ location_x: 2.5, location_y: 1.5 }],
    [{ location: { x: 2.5, y: 1.5 }, lat: 1.5, lng: 2.5, location_x: 2.5, location_y: 1.5 }],
    [{ location: null, lat: 1.5, lng: 2.5, location_x: null }],
  ])("is read from %j", (given) => {
    expect(parseOrThrow(registerInput, { ...unplaced, ...given }, "It").location).toEqual({
      lat: 1.5,
      lng: 2.5,
    });
  });

  it("is rounded to seven decimals, and has no negative zero", () => {
    expect(register({ location: { lat: 1.123456789, lng: -1e-9 } }).location).toEqual({
      lat: 1.1234568,
      lng: 0,
    });
  });

  it.each([
    [{}, "location"],
    [{ location: null }, "location"],
    [{ location: "here" }, "location"],
    [{ location: { lng: 0 } }, "location.lat"],
    [{ location: { lat: 90.1, lng: 0 } }, "location.lat"],
    [{ location: { x: -180.1, y: 0 } }, "location.x"],
    [{ location: { lat: "1", lng: 0 } }, "location.lat"],
    [{ location: { lat: Number.NaN, lng: 0 } }, "location.lat"],
    [{ location: { lat: 0, lng: Number.POSITIVE_INFINITY } }, "location.lng"],
    [{ lat: 1 }, "lng"],
    [{ location_x: 1 }, "location_y"],
    [{ location: { lat: 1, lng: 1 }, lat: 2, lng: 1 }, "location"],
  ])("is refused from %j, naming %s", (given, path) => {
    expect(issuesOf(registerInput, { ...unplaced, ...given }).map((issue) => issue.path)).toEqual([path]);
  });

  it("names its bound", () => {
    expect(issuesOf(registerInput, { ...unplaced, location: { lat: 91, lng: 0 } })).toEqual([
      { path: "location.lat", message: "Must be a number from -90 to 90 (degrees)" },
    ]);
  });
});

describe("a capacity", () => {
  it.each([
    [{ capacity: 7 }],
    [{ max_connections: 7 }],
    [{ max_agents: 7 }],
    [{ capacity: 7, max_agents: 7 }],
  ])("is read from %j", (given) => {
    expect(register(given).capacity).toBe(7);
  });

  it.each([
    [{ capacity: 0 }, "capacity"],
    [{ capacity: 1.5 }, "capacity"],
    [{ max_agents: 1_000_001 }, "max_agents"],
    [{ capacity: 1, max_connections: 2 }, "capacity"],
  ])("is refused from %j, naming %s", (given, path) => {
    expect(issuesOf(registerInput, { ...valid, ...given }).map((issue) => issue.path)).toEqual([path]);
  });
});

describe("an id", () => {
  it("is read as id and as node_id", () => {
    expect(register({ id: "a.b_c-1" }).node_id).toBe("a.b_c-1");
    expect(register({ node_id: "a" }).node_id).toBe("a");
    expect(register({}).node_id).toBeUndefined();
  });

  it.each([
    [{ id: "-a" }],
    [{ id: "" }],
    [{ id: "a/b" }],
    [{ id: "x".repeat(65) }],
    [{ id: 7 }],
    [{ id: "stats" }],
  ])("is refused from %j", (given) => {
    expect(issuesOf(registerInput, { ...valid, ...given }).map((issue) => issue.path)).toEqual(["id"]);
  });

  it("is refused when it is given twice", () => {
    expect(issuesOf(registerInput, { ...valid, id: "a", node_id: "b" })).toHaveLength(1);
  });
});

describe("a URL", () => {
  it.each([
    ["http://h:8080/", "http://h:8080"],
    ["https://H.example.com:443/a/b//", "https://h.example.com/a/b"],
    ["http://0x7f.1", "http://127.0.0.1"],
    ["http://[::0001]:9", "http://[::1]:9"],
  ])("%s is kept as it will be dialled", (given, kept) => {
    expect(register({ endpoint: given }).endpoint).toBe(kept);
  });

  it.each([
    "",
    "zurich",
    "ftp://h",
    "javascript:alert(1)",
    "http://user:pw@h",
    "http://h/#f",
    "http://h/#",
    "http://h/?q=1",
    "http://",
    `http://h/${"a".repeat(2048)}`,
    `http://h/${"ü".repeat(1000)}`,
  ])("%s is no endpoint", (endpoint) => {
    expect(issuesOf(registerInput, { ...valid, endpoint }).map((issue) => issue.path)).toEqual(["endpoint"]);
  });

  it("of a health check may have a query", () => {
    expect(register({ health_check_url: "http://h/up?deep=1" }).health_check_url).toBe("http://h/up?deep=1");
  });
});

describe("metadata", () => {
  it("is any JSON object", () => {
    const metadata = { a: [1, null, "ü", { b: true }], 数: 1e300 };
    expect(register({ metadata }).metadata).toEqual(metadata);
  });

  it.each([
    ["too large", { a: "x".repeat(8192) }],
    ["too deep", JSON.parse(`${'{"a":'.repeat(9)}1${"}".repeat(9)}`)],
    ["deep enough to overflow a stack", { a: JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`) }],
    ["a list", [1]],
    ["a text", "a"],
  ])("is refused when it is %s", (_, metadata) => {
    expect(issuesOf(registerInput, { ...valid, metadata }).map((issue) => issue.path)).toEqual(["metadata"]);
  });
});

describe("the rest of a node", () => {
  it.each([
    [{ name: "" }, "name"],
    [{ name: "   " }, "name"],
    [{ name: "a\u0000b" }, "name"],
    [{ name: "\ud800" }, "name"],
    [{ name: "x".repeat(129) }, "name"],
    [{ name: null }, "name"],
    [{ ip: "1.2.3" }, "ip"],
    [{ port: 0 }, "port"],
    [{ port: 65_536 }, "port"],
    [{ role: "a b" }, "role"],
    [{ labels: "a" }, "labels"],
    [{ labels: ["a", "a"] }, "labels"],
    [{ labels: Array.from({ length: 33 }, (_, at) => `l${at}`) }, "labels"],
    [{ services: [""] }, "services.0"],
    [{ service_radius_km: 0 }, "service_radius_km"],
    [{ service_radius_km: 5e-324 }, "service_radius_km"],
    [{ service_radius_km: 20_101 }, "service_radius_km"],
    [{ capabilities: { cpu_cores: -1 } }, "capabilities.cpu_cores"],
    [{ websocket_url: "http://h" }, "websocket_url"],
  ])("is refused from %j, naming %s", (given, path) => {
    const issues = issuesOf(registerInput, { ...valid, ...given });
    expect([...new Set(issues.map((issue) => issue.path))]).toEqual([path]);
  });

  it("may be null, as answers show what is absent", () => {
    expect(register({ role: null, hostname: null, ip: null, labels: null, capacity: null })).toMatchObject({
      role: null,
    });
  });

  it("keeps further capabilities", () => {
    expect(register({ capabilities: { cpu_cores: 4, gpu: "a" } }).capabilities).toEqual({
      cpu_cores: 4,
      gpu: "a",
    });
  });
});

it("what is missing is said to be required", () => {
  expect(issuesOf(registerInput, { location: { lat: 1 } })).toEqual([
    { path: "name", message: "Is required" },
    { path: "endpoint", message: "Is required" },
    { path: "location.lng", message: "Is required" },
  ]);
});

it("every input can be shown as JSON Schema, as the OpenAPI document does", () => {
  for (const schema of [
    registerInput,
    adminRegisterInput,
    discoverInput,
    updateInput,
    listInput,
    transitionsInput,
  ]) {
    expect(z.toJSONSchema(schema, { io: "input" }).type).toBe("object");
  }
});

describe("what operators ask", () => {
  it.each(["healthy", "degraded", "unhealthy", "discovered", "up", 1])(
    "N11: status can't be set to %j",
    (status) => {
      expect(issuesOf(updateInput, { id: "a", status }).map((issue) => issue.path)).toEqual(["status"]);
    },
  );

  it("N6: a deadline is 300 s unless said, and a week at most", () => {
    expect(parseOrThrow(drainInput, { id: "a" }, "It").deadline_s).toBe(300);
    expect(issuesOf(drainInput, { id: "a", deadline_s: 604_801 })).toHaveLength(1);
  });

  it("reads a listing's query, where everything is a text", () => {
    const asked = { limit: "7", label: "a", near: "47.1, -8.5", status: "healthy" };
    expect(parseOrThrow(listInput, asked, "It")).toEqual({
      limit: 7,
      label: ["a"],
      near: { lat: 47.1, lng: -8.5 },
      status: "healthy",
    });
    expect(parseOrThrow(listInput, { label: ["a", "b"] }, "It")).toEqual({ limit: 100, label: ["a", "b"] });
  });

  it.each([
    [{ limit: "0" }, "limit"],
    [{ limit: "1001" }, "limit"],
    [{ limit: "ten" }, "limit"],
    [{ limit: "1.5" }, "limit"],
    [{ near: "47" }, "near"],
    [{ near: "91,0" }, "near.0"],
    [{ near: "a,b" }, "near"],
    [{ status: "up" }, "status"],
    [{ cursor: "" }, "cursor"],
  ])("refuses %j in a listing, naming %s", (given, path) => {
    expect([...new Set(issuesOf(listInput, given).map((issue) => issue.path))]).toEqual([path]);
  });

  it("reads the instants of a ledger", () => {
    const asked = { id: "a", since: "2026-01-01", until: "2026-01-01T01:00:00+01:00" };
    expect(parseOrThrow(transitionsInput, asked, "It")).toMatchObject({
      since: Date.UTC(2026, 0, 1),
      until: Date.UTC(2026, 0, 1),
    });
    expect(issuesOf(transitionsInput, { id: "a", since: "yesterday" })[0]?.path).toBe("since");
    expect(issuesOf(transitionsInput, { id: "a", since: "2026-01-02", until: "2026-01-01" })[0]?.path).toBe(
      "since",
    );
  });
});
