import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { newSecret, rotated, secretsInForce } from "./secret.ts";
import { signedHeaders } from "./sign.ts";

const DAY = 86_400_000;
const now = Date.now();

test("a secret is whsec_ and 32 bytes, another each time", () => {
  const values = Array.from({ length: 100 }, () => newSecret().value);
  for (const value of values) {
    expect(value).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(value.slice(6), "base64")).toHaveLength(32);
  }
  expect(new Set(values).size).toBe(100);
});

test("W8: after a rotation both sign, the newest first, and later the newest alone", () => {
  const first = [newSecret()];
  const second = rotated(first, now, DAY);
  expect(secretsInForce({ secrets: second }, now)).toEqual([second[0]!.value, first[0]!.value]);
  expect(secretsInForce({ secrets: second }, now + DAY - 1)).toHaveLength(2);
  expect(secretsInForce({ secrets: second }, now + DAY)).toEqual([second[0]!.value]);
});

test("W8: a rotation without overlap ends what was before at once, whatever was promised to it", () => {
  const second = rotated([newSecret()], now, DAY);
  const third = rotated(second, now + 1, 0);
  expect(third).toHaveLength(1);
});

test("W8: a rotation gives no secret more time than it had, and keeps four", () => {
  let secrets = rotated([newSecret()], now, 1000);
  secrets = rotated(secrets, now + 1, DAY);
  expect(secrets[2]!.valid_until).toBe(now + 1000);
  for (let times = 0; times < 5; times++) secrets = rotated(secrets, now + 2, DAY);
  expect(secrets).toHaveLength(4);
  expect(secrets.filter(({ valid_until }) => valid_until === null)).toEqual([secrets[0]]);
});

test("W3: what is signed, the library verifies with each secret in force, and with no other", () => {
  const secrets = rotated([newSecret()], now, DAY);
  const body = JSON.stringify({ type: "node_updated", data: { name: "Zürich \u2028 😀" } });
  const headers = signedHeaders({ secrets }, "event-1", body, now);
  expect(headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  for (const { value } of secrets) expect(new Webhook(value).verify(body, headers)).toEqual(JSON.parse(body));
  const other = new Webhook(newSecret().value);
  expect(() => other.verify(body, headers)).toThrow("No matching signature");
  const { value } = secrets[0]!;
  const mine = new Webhook(value);
  expect(() => mine.verify(`${body} `, headers)).toThrow("No matching signature");
  expect(() => mine.verify(body, { ...headers, "webhook-id": "event-2" })).toThrow("No matching signature");
  const late = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 301) };
  expect(() => mine.verify(body, late)).toThrow("too old");
});
