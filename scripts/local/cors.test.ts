import { expect, test } from "vitest";
import { corsHeaders, preflight } from "./cors.ts";

const origins = ["https://app.example.com"];
const asks = { origin: "https://app.example.com", "access-control-request-method": "POST" };

test("a listed origin may call, and read the headers that Arx answers with", () => {
  expect(corsHeaders(origins, asks)).toEqual({
    vary: "Origin",
    "access-control-allow-origin": "https://app.example.com",
    "access-control-expose-headers":
      "ETag, Link, X-Request-Id, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, X-Export-Complete",
  });
  expect(preflight(origins, "OPTIONS", asks)).toMatchObject({
    "access-control-allow-origin": "https://app.example.com",
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
  });
});

test.each([
  "https://app.example.com.evil.test",
  "http://app.example.com",
  "https://APP.example.com",
  "null",
  "",
])("the origin %j is not allowed", (origin) => {
  const given = { ...asks, origin };
  expect(corsHeaders(origins, given)).toEqual({ vary: "Origin" });
  expect(preflight(origins, "OPTIONS", given)).toEqual({ vary: "Origin" });
});

test("no answer allows every origin, or credentials", () => {
  const text = JSON.stringify([corsHeaders(origins, asks), preflight(origins, "OPTIONS", asks)]);
  expect(text).not.toContain("*");
  expect(text).not.toContain("credentials");
});

test("what is no preflight goes to its function", () => {
  expect(preflight(origins, "POST", asks)).toBeUndefined();
  expect(preflight(origins, "OPTIONS", { origin: asks.origin })).toBeUndefined();
  expect(preflight([], "OPTIONS", asks)).toBeUndefined();
  expect(corsHeaders([], asks)).toEqual({});
});
