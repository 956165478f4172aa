import fc from "fast-check";
import { expect, test } from "vitest";
import { readHealth } from "./answer.ts";

const read = (body: string | Uint8Array) => readHealth(typeof body === "string" ? Buffer.from(body) : body);

test("H7: an answer with a status and no load is good", () => {
  expect(read('{"status":"healthy"}')).toEqual({ health: "healthy", load: {} });
  expect(read('{"status":"degraded","load":{},"extra":[1]}')).toEqual({ health: "degraded", load: {} });
});

test("H7: a whole answer is read, unknown keys aside", () => {
  const load = { cpu_percent: 12.5, memory_percent: 100, active_connections: 0, capacity: 100 };
  expect(
    read(JSON.stringify({ status: "healthy", load: { ...load, queue: "x" }, timestamp: "now" })),
  ).toMatchObject({
    health: "healthy",
    load,
  });
});

test.each([
  ["nothing", "", "not JSON"],
  ["half a document", '{"status":"heal', "not JSON"],
  ["no UTF-8", Uint8Array.from([0x7b, 0xff, 0x7d]), "not JSON"],
  ["NaN", '{"status":"healthy","load":{"cpu_percent":NaN}}', "not JSON"],
  ["a list", "[]", "not a JSON object"],
  ["null", "null", "not a JSON object"],
  ["a text", '"healthy"', "not a JSON object"],
  ["no status", "{}", "missing"],
  ["another status", '{"status":"splendid"}', '"splendid"'],
  ["a load that is a list", '{"status":"healthy","load":[]}', "`load`"],
  ["a load that is null", '{"status":"healthy","load":null}', "`load`"],
  ["cpu as text", '{"status":"healthy","load":{"cpu_percent":"12"}}', "cpu_percent"],
  ["cpu null, as NaN is serialized", '{"status":"healthy","load":{"cpu_percent":null}}', "cpu_percent"],
  ["cpu above 100", '{"status":"healthy","load":{"cpu_percent":100.1}}', "cpu_percent"],
  ["endless memory", '{"status":"healthy","load":{"memory_percent":1e999}}', "memory_percent"],
  ["negative memory", '{"status":"healthy","load":{"memory_percent":-1}}', "memory_percent"],
  ["half a connection", '{"status":"healthy","load":{"active_connections":1.5}}', "active_connections"],
  [
    "too many connections",
    '{"status":"healthy","load":{"active_connections":16777216}}',
    "active_connections",
  ],
  ["a negative capacity", '{"status":"healthy","load":{"capacity":-1}}', "capacity"],
])("H7: %s is a failure that says what is wrong", (_what, body, said) => {
  const wrong = read(body);
  expect(wrong).toBeTypeOf("string");
  expect(wrong).toContain(said);
});

test("H7: whatever a node answers is an answer or one short printable sentence", () => {
  const any = fc.oneof(
    fc.json(),
    fc.uint8Array(),
    fc.record({ status: fc.anything(), load: fc.anything() }).map((said) => JSON.stringify(said) ?? ""),
    fc
      .record({ cpu_percent: fc.anything(), active_connections: fc.anything() })
      .map((load) => JSON.stringify({ status: "healthy", load })),
  );
  fc.assert(
    fc.property(any, (body) => {
      const said = read(body);
      if (typeof said === "string") expect(said).toMatch(/^[ -~]{1,200}\.$/);
      else for (const value of Object.values(said.load)) expect(Number.isFinite(value)).toBe(true);
    }),
  );
});
