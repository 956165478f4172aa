import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { discoverInput as newNode } from "../nodes/schema.ts";
import { newNodeOf } from "./adopt.ts";
import { readIdentity } from "./identity.ts";

const HERE = "https://edge.example.com:8443/arx";
const read = (value: unknown) => readIdentity(Buffer.from(JSON.stringify(value)), HERE);
const readText = (text: string) => readIdentity(Buffer.from(text), HERE);

const WHOLE = {
  node_id: "zurich-1",
  name: "Zürich 1",
  location: { x: 8.5417, y: 47.3769 },
  capabilities: ["gpu", "http", "gpu"],
  capacity: { max_concurrent: 250, cpu_cores: 8, memory_gb: 32.5 },
  endpoints: { health: "/healthz", process: "https://edge.example.com:8443/arx/process" },
  version: "1.4.2",
  startup_time: "2026-01-02T03:04:05+01:00",
};

test("a good identity is taken whole", () => {
  expect(read(WHOLE)).toEqual({
    node_id: "zurich-1",
    name: "Zürich 1",
    location: { lat: 47.3769, lng: 8.5417 },
    capabilities: ["gpu", "http"],
    capacity: { max_concurrent: 250, cpu_cores: 8, memory_gb: 32.5 },
    endpoints: {
      health: "https://edge.example.com:8443/healthz",
      process: "https://edge.example.com:8443/arx/process",
    },
    version: "1.4.2",
    startup_time: "2026-01-02T02:04:05.000Z",
  });
});

test.each([
  ["node_id", "../../admin"],
  ["node_id", "a".repeat(65)],
  ["node_id", "register"],
  ["node_id", 7],
  ["node_id", { $ne: null }],
  ["name", ""],
  ["name", "x".repeat(129)],
  ["name", "edge\u0000"],
  ["name", "ed\nge"],
  ["name", "edge \u202Egpj.exe"],
  ["name", ["edge"]],
  ["location", { x: 181, y: 0 }],
  ["location", { x: 8.5 }],
  ["location", { x: "8.5", y: "47" }],
  ["location", { lat: 91, lng: 0 }],
  ["location", null],
  ["capabilities", "gpu"],
  ["capabilities", { 0: "gpu" }],
  ["capabilities", ["<script>", "a b", "", 7, null, "x".repeat(65)]],
  ["capacity", { max_concurrent: 0, cpu_cores: -1, memory_gb: "32" }],
  ["capacity", { max_concurrent: 1.5 }],
  ["capacity", { max_concurrent: 1e9, cpu_cores: 1e300 }],
  ["capacity", [8]],
  ["endpoints", { health: "http://edge.example.com:8443/health" }],
  ["endpoints", { health: "https://edge.example.com/health" }],
  ["endpoints", { health: "//169.254.169.254/latest" }],
  ["endpoints", { health: "https://edge.example.com:8443@169.254.169.254/" }],
  ["endpoints", { health: "https://user:word@edge.example.com:8443/health" }],
  ["endpoints", { health: "\\\\10.0.0.1\\health" }],
  ["endpoints", { health: "/health#fragment" }],
  ["endpoints", { health: `/${"h".repeat(513)}` }],
  ["endpoints", { health: "file:///etc/passwd", process: "javascript:alert(1)", config: 7 }],
  ["version", "1.0\r\nx-evil: 1"],
  ["version", "9".repeat(65)],
  ["startup_time", "yesterday"],
  ["startup_time", 0],
  ["startup_time", "2026-99-99T00:00:00Z"],
])("a %s that does not fit is dropped, and takes nothing else with it: %j", (field, value) => {
  const identity = read({ ...WHOLE, [field]: value });
  const { [field as keyof typeof WHOLE]: _, ...rest } = read(WHOLE) as Record<string, unknown>;
  expect(identity).toEqual(rest);
});

test("names that reach for a prototype reach nothing", () => {
  const identity = readText(
    '{"__proto__":{"node_id":"polluted"},"constructor":{"prototype":{"name":"polluted"}},"name":"edge"}',
  );
  expect(identity).toEqual({ name: "edge" });
  expect(({} as Record<string, unknown>).node_id).toBeUndefined();
});

test.each([
  "",
  "null",
  "[]",
  '"edge"',
  "7",
  '{"name":',
  "<html></html>",
  "[".repeat(30_000) + "]".repeat(30_000),
])("no JSON object is no identity (%#)", (text) => expect(readText(text)).toBeNull());

test("bytes that are not UTF-8 are no identity", () => {
  expect(readIdentity(Uint8Array.of(0x7b, 0xff, 0x7d), HERE)).toBeNull();
});

test("a deep field is passed over", () => {
  const deep = `{"name":"edge","location":${'{"x":'.repeat(5000)}1${"}".repeat(5000)}}`;
  expect(readText(deep)).toEqual({ name: "edge" });
});

const hostile = fc.record(
  {
    node_id: fc.anything(),
    name: fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.anything()),
    location: fc.oneof(fc.record({ x: fc.double(), y: fc.double() }), fc.anything()),
    capabilities: fc.oneof(fc.array(fc.stringMatching(/^[a-z0-9]{1,64}$/), { maxLength: 60 }), fc.anything()),
    capacity: fc.record({
      max_concurrent: fc.oneof(fc.double(), fc.integer()),
      cpu_cores: fc.double(),
      memory_gb: fc.anything(),
    }),
    endpoints: fc.record({
      health: fc.oneof(fc.webUrl(), fc.webPath({ size: "large" }), fc.constant(`/${"h".repeat(480)}`)),
      process: fc.constant(`/${"p".repeat(480)}`),
      metrics: fc.constant(`/${"m".repeat(480)}`),
      config: fc.constant(`/${"c".repeat(480)}`),
    }),
    version: fc.oneof(fc.string(), fc.anything()),
    startup_time: fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.string(),
    ),
  },
  { requiredKeys: [] },
);

test("whatever a node says of itself, what is left of it makes a node that Nodes accepts", () => {
  fc.assert(
    fc.property(hostile, (said) => {
      let body: string;
      try {
        body = JSON.stringify(said);
      } catch {
        return;
      }
      const identity = readText(body);
      const made = z.safeParse(newNode, newNodeOf({ endpoint: HERE }, identity));
      expect(made.error).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("the request's name and location go before the identity's", () => {
  const said = read(WHOLE);
  const made = newNodeOf({ endpoint: HERE, name: "asked", location: { lat: 1, lng: 2 } }, said);
  expect(made).toMatchObject({
    name: "asked",
    location: { lat: 1, lng: 2 },
    node_id: "zurich-1",
    capacity: 250,
  });
  expect(newNodeOf({ endpoint: HERE }, said)).toMatchObject({
    name: "Zürich 1",
    location: { lat: 47.3769, lng: 8.5417 },
    health_check_url: "https://edge.example.com:8443/healthz",
    services: ["gpu", "http"],
    capabilities: { cpu_cores: 8, memory_gb: 32.5 },
    metadata: { identity: said },
  });
  expect(newNodeOf({ endpoint: HERE }, null)).toEqual({ endpoint: HERE });
});
