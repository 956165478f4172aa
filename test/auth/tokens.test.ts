import { createHmac, generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Tokens } from "../../core/tokens/index.ts";
import type { Gateway } from "../../scripts/local/gateway.ts";
import { steadyClock } from "../nodes/factory.ts";
import { type Account, account, adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { ask, serveAuth } from "./served.ts";

/** DynamoDB Local forgets by the machine's clock what has expired: a time that it does not come to. */
const START = Date.UTC(2100, 0, 1);
const MINUTE = 60_000;

let world: TestWorld;
let gateway: Gateway;
let user: Account;
const clock = steadyClock(START);
const logged: unknown[] = [];

beforeAll(async () => {
  const note = (message: string, fields?: object) => void logged.push([message, fields]);
  world = await openTestWorld({ now: clock.now, log: { info: note, warn: note, error: note } });
  gateway = await serveAuth(world);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});
beforeEach(async () => {
  user = await account(world, "user");
});

const profile = (token: string) => ask(gateway, "GET /api/v1/auth/profile", { token });
const parts = (token: string) => token.split(".") as [string, string, string];
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());

describe("a token is refused when it", () => {
  const refused: [string, (token: string) => string | Promise<string>][] = [
    ["is cut at its end", (token) => token.slice(0, -1)],
    ["is cut at its beginning", (token) => token.slice(1)],
    ["has no signature", (token) => `${parts(token).slice(0, 2).join(".")}.`],
    [
      "has another's signature",
      async (token) => {
        const other = await account(world, "user");
        return `${parts(token).slice(0, 2).join(".")}.${parts(other.token)[2]}`;
      },
    ],
    [
      "makes its user an admin",
      (token) => {
        const [head, claims, signature] = parts(token);
        return [head, encoded({ ...decoded(claims), role: "admin" }), signature].join(".");
      },
    ],
    [
      "is signed by nothing",
      (token) => {
        const [head, claims] = parts(token);
        return `${encoded({ ...decoded(head), alg: "none" })}.${claims}.`;
      },
    ],
    [
      "is signed with the public key as a secret",
      async (token) => {
        const [head, claims] = parts(token);
        const { keys } = await Tokens.jwks(world);
        const signed = `${encoded({ ...decoded(head), alg: "HS256" })}.${claims}`;
        return `${signed}.${createHmac("sha256", keys[0]!.x).update(signed).digest("base64url")}`;
      },
    ],
    [
      "names a key that nobody knows",
      (token) => {
        const [head, claims, signature] = parts(token);
        return [encoded({ ...decoded(head), kid: "unknown" }), claims, signature].join(".");
      },
    ],
    [
      "is signed anew by a foreign key, under a known key's name",
      (token) => foreign(token, decoded(parts(token)[0])),
    ],
    [
      "brings its own key",
      async (token) => {
        const { publicKey } = generateKeyPairSync("ed25519");
        return foreign(token, { ...decoded(parts(token)[0]), jwk: await exportJWK(publicKey) });
      },
    ],
    ["is no token at all", () => "nonsense"],
    ["is a very long one", (token) => token + "A".repeat(4000)],
  ];

  function foreign(token: string, header: Record<string, unknown>): Promise<string> {
    const { privateKey } = generateKeyPairSync("ed25519");
    return new SignJWT(decoded(parts(token)[1])).setProtectedHeader(header as never).sign(privateKey);
  }

  it.each(refused)("%s", async (_, forge) => {
    const token = await forge(user.token);
    const answer = await profile(token);
    expect(answer).toMatchObject({ status: 401, body: { detail: "The access token is not valid." } });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.text + JSON.stringify(logged)).not.toContain(token);
    expect((await profile(user.token)).status).toBe(200);
  });

  it("has expired, and its refresh token gets a new one", async () => {
    clock.advance(15 * MINUTE);
    expect((await profile(user.token)).body.detail).toBe("The access token has expired.");
    const body = { refresh_token: user.grant.refresh_token };
    const { body: granted } = await ask(gateway, "POST /api/v1/auth/refresh", { body, token: user.token });
    expect((await profile(granted.access_token)).status).toBe(200);
  });

  it("comes in another scheme", async () => {
    const schemes = [`Basic ${user.token}`, user.token, `Bearer ${user.token} ${user.token}`, "Bearer ", ""];
    for (const authorization of schemes) {
      const answer = await ask(gateway, "GET /api/v1/auth/profile", { headers: { authorization } });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
    const lower = await ask(gateway, "GET /api/v1/auth/profile", {
      headers: { authorization: `bearer ${user.token}` },
    });
    expect(lower.status).toBe(200);
  });
});

describe("the key set", () => {
  it("is public, to be kept for a while, and holds no private half", async () => {
    const answer = await ask(gateway, "GET /.well-known/jwks.json");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    const kid = decoded(parts(user.token)[0]).kid;
    expect(answer.body.keys).toEqual([
      { kty: "OKP", crv: "Ed25519", x: expect.any(String), kid, alg: "EdDSA", use: "sig" },
    ]);
  });

  it("has the next key before it signs, and the last one as long as its tokens are good", async () => {
    const kids = async () => (await ask(gateway, "GET /.well-known/jwks.json")).body.keys.length;
    await Tokens.rotate(adminCtx(world));
    expect(await kids()).toBe(2);
    expect((await profile(user.token)).status).toBe(200);
    clock.advance(30 * MINUTE);
    expect(await kids()).toBe(1);
    expect((await profile((await account(world, "user")).token)).status).toBe(200);
  });
});
