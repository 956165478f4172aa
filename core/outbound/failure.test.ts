import { expect, test } from "vitest";
import { OutboundError } from "./errors.ts";
import { failureOf } from "./failure.ts";

const before = { label: "edge.example", handshaking: false, answered: false };

test.each([
  ["HPE_HEADER_OVERFLOW", before, "too_large"],
  ["HPE_INVALID_CONSTANT", before, "protocol"],
  ["ECONNRESET", before, "connect"],
  ["ECONNRESET", { ...before, answered: true }, "protocol"],
  ["ECONNRESET", { ...before, handshaking: true }, "tls"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", { ...before, handshaking: true }, "tls"],
] as const)("%s at %o is %s", (code, progress, kind) => {
  const failure = failureOf(Object.assign(new Error("read 10.0.0.1 s3cret"), { code }), progress);
  expect(failure.kind).toBe(kind);
  expect(failure.message).toContain("edge.example");
  expect(failure.message).not.toContain("s3cret");
});

test("a connection that was never made is connect, also for https", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" });
  expect(failureOf(refused, { ...before, handshaking: true }).kind).toBe("connect");
  expect(failureOf(new AggregateError([refused]), { ...before, handshaking: true }).kind).toBe("connect");
});

test("an error of our own passes unchanged", () => {
  const own = new OutboundError("blocked", "no");
  expect(failureOf(own, before)).toBe(own);
});
