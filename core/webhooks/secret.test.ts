import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { Unavailable } from "../errors.ts";
import type { Sealer } from "../sealing/index.ts";
import { newSecret, rotated, secretsInForce } from "./secret.ts";
import { signedHeaders } from "./sign.ts";

const DAY = 86_400_000;
const now = Date.now();

/** Seals by writing the context in front, so that a test sees under what it was sealed. */
function openWorld() {
  const opened: string[] = [];
  const sealer: Sealer = {
    seal: async (plaintext, context) => Buffer.from(`${JSON.stringify(context)} ${Buffer.from(plaintext)}`),
    async open(sealed, context) {
      const text = Buffer.from(sealed).toString();
      const said = `${JSON.stringify(context)} `;
      if (!text.startsWith(said)) throw new Error("Another context");
      opened.push(text.slice(said.length));
      return Buffer.from(text.slice(said.length));
    },
  };
  return { sealer, memory: new Map<symbol, unknown>(), opened };
}

const made = (world: ReturnType<typeof openWorld>) => newSecret(world, "w-1");

test("a secret is whsec_ and 32 bytes, another each time, and sealed for its webhook", async () => {
  const world = openWorld();
  const secrets = await Promise.all(Array.from({ length: 100 }, () => made(world)));
  for (const { value, secret } of secrets) {
    expect(value).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(value.slice(6), "base64")).toHaveLength(32);
    expect("sealed" in secret && Buffer.from(secret.sealed).toString()).toBe(`{"webhook":"w-1"} ${value}`);
  }
  expect(new Set(secrets.map(({ value }) => value)).size).toBe(100);
});

test("W8: after a rotation both sign, the newest first, and later the newest alone; each is opened once", async () => {
  const world = openWorld();
  const [first, second] = [await made(world), await made(world)];
  const secrets = rotated([first.secret], second.secret, now, DAY);
  const webhook = { id: "w-1", secrets };
  expect(await secretsInForce(world, webhook, now)).toEqual([second.value, first.value]);
  expect(await secretsInForce(world, webhook, now + DAY - 1)).toHaveLength(2);
  expect(await secretsInForce(world, webhook, now + DAY)).toEqual([second.value]);
  expect(world.opened).toHaveLength(2);
  await expect(secretsInForce(world, { id: "w-2", secrets }, now)).rejects.toThrow("Another context");
});

test("W8: a secret from before they were sealed signs until its rotation is over", async () => {
  const world = openWorld();
  const { secret, value } = await made(world);
  const old = { value: "whsec_old", valid_until: null };
  expect(await secretsInForce(world, { id: "w-1", secrets: [old] }, now)).toEqual(["whsec_old"]);
  const webhook = { id: "w-1", secrets: rotated([old], secret, now, DAY) };
  expect(await secretsInForce(world, webhook, now)).toEqual([value, "whsec_old"]);
  expect(await secretsInForce(world, webhook, now + DAY)).toEqual([value]);
});

test("a secret that could not be opened is tried again", async () => {
  const world = openWorld();
  const { secret, value } = await made(world);
  const webhook = { id: "w-1", secrets: [secret] };
  let down = true;
  const open: Sealer["open"] = (...given) =>
    down ? Promise.reject(new Unavailable("down")) : world.sealer.open(...given);
  const failing = { ...world, sealer: { ...world.sealer, open } };
  await expect(secretsInForce(failing, webhook, now)).rejects.toThrow("down");
  down = false;
  expect(await secretsInForce(failing, webhook, now)).toEqual([value]);
});

test("W8: a rotation without overlap ends what was before at once, whatever was promised to it", async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => made(openWorld())));
  const second = rotated([a!.secret], b!.secret, now, DAY);
  expect(rotated(second, c!.secret, now + 1, 0)).toEqual([c!.secret]);
});

test("W8: a rotation gives no secret more time than it had, and keeps four", async () => {
  const world = openWorld();
  let secrets = rotated([(await made(world)).secret], (await made(world)).secret, now, 1000);
  secrets = rotated(secrets, (await made(world)).secret, now + 1, DAY);
  expect(secrets[2]!.valid_until).toBe(now + 1000);
  for (let times = 0; times < 5; times++) {
    secrets = rotated(secrets, (await made(world)).secret, now + 2, DAY);
  }
  expect(secrets).toHaveLength(4);
  expect(secrets.filter(({ valid_until }) => valid_until === null)).toEqual([secrets[0]]);
});

test("W3: what is signed, the library verifies with each secret in force, and with no other", async () => {
  const world = openWorld();
  const [first, second, none] = [await made(world), await made(world), await made(world)];
  const webhook = { id: "w-1", secrets: rotated([first.secret], second.secret, now, DAY) };
  const body = JSON.stringify({ type: "node_updated", data: { name: "Zürich \u2028 😀" } });
  const headers = await signedHeaders(world, webhook, "event-1", body, now);
  expect(headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  for (const { value } of [first, second])
    expect(new Webhook(value).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(none.value).verify(body, headers)).toThrow("No matching signature");
  const mine = new Webhook(second.value);
  expect(() => mine.verify(`${body} `, headers)).toThrow("No matching signature");
  expect(() => mine.verify(body, { ...headers, "webhook-id": "event-2" })).toThrow("No matching signature");
  const late = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 301) };
  expect(() => mine.verify(body, late)).toThrow("too old");
});
