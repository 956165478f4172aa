import * as fc from "fast-check";
import { expect, test } from "vitest";
import { OutboundError } from "./errors.ts";
import { checkTarget, readTarget } from "./target.ts";

const deployed = { allowLoopback: false };
const local = { allowLoopback: true };

test("a plain URL becomes what is dialled", () => {
  expect(readTarget("https://edge.example:8443/a%20b?x=1#top", deployed)).toEqual({
    secure: true,
    host: "edge.example",
    port: 8443,
    path: "/a%20b?x=1",
    label: "edge.example:8443",
  });
  expect(readTarget("http://[2606:4700::1]", deployed)).toMatchObject({
    host: "2606:4700::1",
    port: 80,
    path: "/",
  });
  expect(readTarget("https://edge.example", deployed)).toMatchObject({ port: 443 });
});

test.each([
  ["", "bad_url"],
  ["edge.example", "bad_url"],
  ["//edge.example", "bad_url"],
  ["ftp://edge.example", "bad_url"],
  ["file:///etc/passwd", "bad_url"],
  ["data:text/plain,x", "bad_url"],
  ["unix:///var/run/docker.sock", "bad_url"],
  ["http://", "bad_url"],
  ["http://edge.example:0/", "bad_url"],
  ["http://edge.example:65536/", "bad_url"],
  ["http://edge.example:-1/", "bad_url"],
  ["http://user@edge.example/", "bad_url"],
  ["http://:secret@edge.example/", "bad_url"],
  ["http://256.1.1.1/", "bad_url"],
  ["http://1.2.3.4.5/", "bad_url"],
  [`http://edge.example/${"a".repeat(5000)}`, "bad_url"],
  ["http://127.0.0.1/", "blocked"],
  ["http://localhost/", "blocked"],
  ["http://a.LOCALHOST./", "blocked"],
  ["http://10.1.2.3/", "blocked"],
])("%s is refused as %s", (url, kind) => {
  expect(checkTarget(url, deployed)?.kind).toBe(kind);
});

test("what is fine before resolution passes", () => {
  for (const url of ["http://edge.example", "https://8.8.8.8:9001/", "http://[2606:4700::1]:8080/health"]) {
    expect(checkTarget(url, deployed)).toBeNull();
  }
  for (const url of ["http://localhost:3000", "http://127.0.0.1:1/", "http://[::1]:65535/"]) {
    expect(checkTarget(url, local)).toBeNull();
  }
  expect(checkTarget("http://127.0.0.1:9001/", local)?.kind).toBe("blocked");
});

test("no message repeats the credentials of a URL", () => {
  for (const url of [
    "http://bob:hunter2@edge.example/",
    "ftp://bob:hunter2@edge.example/",
    "http://bob:hunter2@10.0.0.1/",
  ]) {
    expect(checkTarget(url, deployed)?.message).not.toMatch(/bob|hunter2/);
  }
});

test("any text is read or refused, never anything else", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((s) => `http://${s}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const wrong = checkTarget(text, deployed);
      expect(wrong === null || wrong instanceof OutboundError).toBe(true);
    }),
    { numRuns: 300 },
  );
});
