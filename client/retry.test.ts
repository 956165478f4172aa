import { expect, test } from "vitest";
import { type Failed, pauseBefore, sleep } from "./retry.ts";

const failed = (status: number, retryAfter: string | null = null, code?: string): Failed => ({
  error: { status, code },
  retryAfter,
});
const always = (value: number) => () => value;

test.each([429, 503, 0])("after %i another attempt is worth it", (status) => {
  expect(pauseBefore(0, failed(status), always(0.5))).toBe(100);
});

test.each([400, 401, 404, 409, 412, 422, 500, 502, 504])("after %i none is", (status) => {
  expect(pauseBefore(0, failed(status, "1"), always(0.5))).toBeNull();
});

test("a 503 with a code is an answer about the fleet: none is", () => {
  expect(pauseBefore(0, failed(503, null, "TOO_FAR"), always(0.5))).toBeNull();
});

test("the bound doubles up to ten seconds", () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 20].map((tries) => pauseBefore(tries, failed(503), always(1)));
  expect(bounds).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("the server's own wish is waited for, and jitter added; one beyond ten seconds is not", () => {
  expect(pauseBefore(0, failed(429, "2"), always(0.5))).toBe(2100);
  expect(pauseBefore(0, failed(429, "10"), always(0))).toBe(10_000);
  expect(pauseBefore(0, failed(429, "11"), always(0))).toBeNull();
  expect(pauseBefore(0, failed(429, "soon"), always(0.5))).toBe(100);
  expect(pauseBefore(0, failed(429, "-5"), always(0.5))).toBe(100);
});

test("a wait ends with its signal", async () => {
  const ending = new AbortController();
  const waiting = sleep(60_000, ending.signal);
  ending.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(sleep(60_000, ending.signal)).rejects.toThrow("enough");
  await sleep(0, undefined);
});
