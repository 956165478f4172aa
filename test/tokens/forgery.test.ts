import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomInt,
  sign,
} from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Unauthenticated } from "../../core/errors.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { getRing } from "../../core/tokens/items.ts";
import { openSigningWorld, type SigningWorld } from "./factory.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 500);

const whose = { sub: "u-1", role: "user", sid: "s-1" } as const;

let world: SigningWorld;
let good: string;
let kid: string;
let seconds: number;
beforeAll(async () => {
  world = await openSigningWorld();
  good = (await Tokens.issue(world, whose)).token;
  kid = (await getRing(world.store))!.keys[0]!.kid;
  seconds = Math.floor(world.now() / 1000);
});
afterAll(() => world.close());

const refused = (token: string) => expect(Tokens.verify(world, token)).rejects.toThrow(Unauthenticated);

type Sign = (text: string) => Buffer;

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const by =
  (key: KeyObject, digest: string | null = null): Sign =>
  (text) =>
    sign(digest, Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });

/** A token as ours is, signed by `sign`, with some of it changed; undefined takes a field away. */
function forge(sign: Sign, header: object = {}, claims: object = {}): string {
  const head = base64url({ alg: "EdDSA", typ: "at+jwt", kid, ...header });
  const issued = { ...whose, jti: "j-1", iss: "arx", aud: "arx-api", iat: seconds, exp: seconds + 900 };
  const text = `${head}.${base64url({ ...issued, ...claims })}`;
  return `${text}.${sign(text).toString("base64url")}`;
}

/** Our own private key, so that nothing is wrong with a token but what the test changes. */
async function ownKey(): Promise<Sign> {
  const { sealed } = (await getRing(world.store))!.keys[0]!;
  const opened = await world.sealer.open(sealed, { purpose: "access-token-signing", kid });
  return by(createPrivateKey({ key: JSON.parse(Buffer.from(opened).toString()), format: "jwk" }));
}

describe("access tokens of ours", () => {
  it("are verified, and say whose they are", async () => {
    expect(await Tokens.verify(world, good)).toMatchObject({ ...whose, iat: seconds, exp: seconds + 900 });
    await expect(Tokens.verify(world, forge(await ownKey()))).resolves.toMatchObject(whose);
  });

  it("are for 15 minutes", async () => {
    const { token, expiresInS } = await Tokens.issue(world, whose);
    expect(expiresInS).toBe(900);
    const at = world.now();
    const later = (ms: number) => ({ ...world, now: () => at + ms });
    await expect(Tokens.verify(later(899_999), token)).resolves.toMatchObject(whose);
    await expect(Tokens.verify(later(900_000), token)).rejects.toThrow("has expired");
  });
});

describe("reliability 9: a token with one thing wrong is refused", () => {
  it("when its header is another", async () => {
    const key = await ownKey();
    for (const header of [
      { typ: "JWT" },
      { typ: undefined },
      { kid: "another" },
      { kid: undefined },
      { kid: "" },
      { kid: ["a"] },
      { alg: "Ed25519" },
      { alg: "none" },
      { alg: undefined },
      { alg: ["EdDSA"] },
      { crit: ["exp"], exp: 1 },
      { crit: ["b64"], b64: false },
    ]) {
      await refused(forge(key, header));
    }
  });

  it("when a claim is another, or missing", async () => {
    const key = await ownKey();
    for (const claims of [
      { iss: "someone" },
      { iss: undefined },
      { aud: "another" },
      { aud: undefined },
      { aud: [] },
      { exp: seconds },
      { exp: seconds - 1 },
      { exp: undefined },
      { exp: "tomorrow" },
      { nbf: seconds + 1 },
      { nbf: "now" },
      { iat: undefined },
      { sub: undefined },
      { sub: "" },
      { sub: 7 },
      { sid: undefined },
      { jti: undefined },
      { role: undefined },
      { role: "root" },
    ]) {
      await refused(forge(key, {}, claims));
    }
  });

  it("when nobody signed it", async () => {
    const [, payload, signature] = good.split(".");
    for (const alg of ["none", "None", "NONE", "", "EdDSA"]) {
      const header = base64url({ alg, typ: "at+jwt", kid });
      await refused(`${header}.${payload}.`);
      if (alg !== "EdDSA") await refused(`${header}.${payload}.${signature}`);
      await refused(forge(() => Buffer.alloc(0), { alg }));
    }
  });

  it("when the public key is taken for a shared secret, or another kind of key signed it", async () => {
    const { x } = (await getRing(world.store))!.keys[0]!.public;
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const shared = [
      Buffer.from(x, "base64url"),
      Buffer.from(x),
      Buffer.from(publicKey.export({ type: "spki", format: "pem" })),
      publicKey.export({ type: "spki", format: "der" }),
    ];
    for (const secret of shared) {
      for (const bits of [256, 384, 512]) {
        const hmac: Sign = (text) => createHmac(`sha${bits}`, secret).update(text).digest();
        await refused(forge(hmac, { alg: `HS${bits}` }));
        await refused(forge(hmac));
      }
    }
    const rsa = by(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "sha256");
    for (const alg of ["RS256", "EdDSA"]) await refused(forge(rsa, { alg }));
    const ec = by(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "sha256");
    for (const alg of ["ES256", "EdDSA"]) await refused(forge(ec, { alg }));
  });

  it("when it brings its own key", async () => {
    const own = generateKeyPairSync("ed25519");
    const jwk = own.publicKey.export({ format: "jwk" });
    await refused(forge(by(own.privateKey)));
    await refused(forge(by(own.privateKey), { jwk }));
    await refused(forge(by(own.privateKey), { jwk, kid: undefined }));
    await refused(forge(by(own.privateKey), { jku: "https://example.com/jwks.json" }));
  });

  it("when it is no token at all", async () => {
    for (const text of [
      "",
      ".",
      "..",
      "a.b.c",
      ` ${good}`,
      `${good} `,
      `${good}\n`,
      `${good}=`,
      `${good}.${good}`,
      good.replaceAll("-", "+").replaceAll("_", "/").concat("="),
      `${"a".repeat(100_000)}.b.c`,
      `${Buffer.from("[]").toString("base64url")}.e30.AA`,
      `${Buffer.from("null").toString("base64url")}.e30.AA`,
    ]) {
      await refused(text);
    }
  });
});

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Ways in which a token is changed; each gives another text than it got. */
const MUTATIONS: Readonly<Record<string, (token: string) => string>> = {
  "a character replaced": (token) => {
    const at = randomInt(token.length);
    const others = ALPHABET.split("").filter((char) => char !== token[at]);
    return token.slice(0, at) + others[randomInt(others.length)] + token.slice(at + 1);
  },
  "the last character replaced": (token) => {
    const others = ALPHABET.split("").filter((char) => char !== token.at(-1));
    return token.slice(0, -1) + others[randomInt(others.length)];
  },
  "a bit flipped": (token) => {
    const parts = token.split(".");
    const which = randomInt(3);
    const bytes = Buffer.from(parts[which]!, "base64url");
    bytes[randomInt(bytes.length)]! ^= 1 << randomInt(8);
    parts[which] = bytes.toString("base64url");
    return parts.join(".");
  },
  "cut short": (token) => token.slice(0, randomInt(token.length)),
  "a character left out": (token) => {
    const at = randomInt(token.length);
    return token.slice(0, at) + token.slice(at + 1);
  },
  "a character put in": (token) => {
    const at = randomInt(token.length + 1);
    return token.slice(0, at) + ALPHABET[randomInt(64)] + token.slice(at);
  },
  "signed by another key": () =>
    forge(by(generateKeyPairSync("ed25519").privateKey), {}, { jti: String(randomInt(1e9)) }),
  "another signature": (token) =>
    `${token.slice(0, token.lastIndexOf("."))}.${randomBytes(64).toString("base64url")}`,
  "another payload": (token) => {
    const [head, payload, signature] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload!, "base64url").toString()) as object;
    const raised = { ...claims, role: "admin", sub: `u-${randomInt(1e9)}` };
    return [head, base64url(raised), signature].join(".");
  },
};

describe("reliability 9: mutants", () => {
  it(`0 of ${RUNS} are accepted`, async () => {
    const ways = Object.entries(MUTATIONS);
    const accepted: string[] = [];
    for (let run = 0; run < RUNS; run++) {
      const [way, mutate] = ways[run % ways.length]!;
      const mutant = mutate(good);
      expect(mutant, way).not.toBe(good);
      const outcome = await Tokens.verify(world, mutant).catch((error: unknown) => error);
      if (!(outcome instanceof Unauthenticated)) accepted.push(`${way}: ${mutant}`);
    }
    console.log(`${RUNS} mutants of an access token tried (ARX_RUNS), ${accepted.length} accepted`);
    expect(accepted).toEqual([]);
    await expect(Tokens.verify(world, good)).resolves.toMatchObject(whose);
  });
});
