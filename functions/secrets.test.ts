import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { readSecrets, signed } from "./secrets.ts";

const ENV = {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKID",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
  SST_APP: "arx",
  SST_STAGE: "test",
  SST_SSM_PREFIX: "/sst/arx/test/",
  SST_Secret_value_ARX_ADMIN_KEY: "__FETCH_FROM_SSM__",
};
const OWN = "/sst/arx/test/Secret/ARX_ADMIN_KEY/value";
const FALLBACK = "/sst/arx/.fallback/Secret/ARX_ADMIN_KEY/value";
const now = () => Date.UTC(2026, 10, 21, 3, 4, 5);

/** Parameter Store with these values; refuses the first `faults` calls. */
function store(values: Readonly<Record<string, string>>, faults = 0) {
  const calls: { url: string; body: string; headers: Record<string, string> }[] = [];
  const call = async (url: string, init: RequestInit) => {
    calls.push({ url, body: init.body as string, headers: init.headers as Record<string, string> });
    if (calls.length <= faults) return new Response("busy", { status: 503 });
    const { Names } = JSON.parse(init.body as string) as { Names: string[] };
    const Parameters = Names.filter((name) => values[name] !== undefined).map((Name) => ({
      Name,
      Value: values[Name],
    }));
    return Response.json({ Parameters });
  };
  return { calls, call: call as typeof fetch };
}

describe("secrets that SST bound", () => {
  it("are none where nothing is bound, and nobody is asked", async () => {
    const { calls, call } = store({});
    expect(await readSecrets({ ARX_ADMIN_KEY: "local" }, call, now)).toEqual({});
    expect(calls).toEqual([]);
  });

  it("are the stage's own before the app's fallback", async () => {
    expect(await readSecrets(ENV, store({ [OWN]: "own", [FALLBACK]: "all" }).call, now)).toEqual({
      ARX_ADMIN_KEY: "own",
    });
    expect(await readSecrets(ENV, store({ [FALLBACK]: "all" }).call, now)).toEqual({ ARX_ADMIN_KEY: "all" });
  });

  it("are asked for decrypted, at the region's own endpoint", async () => {
    const { calls, call } = store({ [OWN]: "own" });
    await readSecrets(ENV, call, now);
    await readSecrets({ ...ENV, AWS_REGION: "cn-north-1" }, call, now);
    expect(calls.map(({ url }) => url)).toEqual([
      "https://ssm.eu-central-1.amazonaws.com/",
      "https://ssm.cn-north-1.amazonaws.com.cn/",
    ]);
    expect(JSON.parse(calls[0]!.body)).toEqual({ Names: [FALLBACK, OWN], WithDecryption: true });
  });

  it("that are not set say how to set them", async () => {
    await expect(readSecrets(ENV, store({}).call, now)).rejects.toThrow(/ARX_ADMIN_KEY.*sst secrets set/);
  });

  it("are asked for again when the answer is bad, three times in all", async () => {
    expect(await readSecrets(ENV, store({ [OWN]: "own" }, 2).call, now)).toEqual({ ARX_ADMIN_KEY: "own" });
    const broken = store({ [OWN]: "own" }, 3);
    await expect(readSecrets(ENV, broken.call, now)).rejects.toThrow(/503/);
    expect(broken.calls).toHaveLength(3);
  });
});

describe("the signature", () => {
  it.each([ENV, { ...ENV, AWS_SESSION_TOKEN: undefined }])("is the AWS SDK's own", async (env) => {
    const [host, target, body] = [
      "ssm.eu-central-1.amazonaws.com",
      "AmazonSSM.GetParameters",
      '{"Names":["/ä"]}',
    ];
    const ours = signed({ host, target, body, now: now() }, env);
    const { authorization, ...headers } = ours;
    const theirs = await signer(env).sign(
      {
        method: "POST",
        protocol: "https:",
        hostname: host,
        path: "/",
        query: {},
        body,
        headers: { host, "content-type": headers["content-type"], "x-amz-target": target },
      },
      { signingDate: new Date(now()) },
    );
    const signature = (text: string) => /Credential=([^,]+).*Signature=(\w+)/.exec(text)?.slice(1);
    expect(theirs.headers["x-amz-date"]).toBe(headers["x-amz-date"]);
    expect(signature(authorization!)).toEqual(signature(theirs.headers.authorization!));
    expect(signature(authorization!)).toHaveLength(2);
  });

  interface Signer {
    sign(request: object, options: object): Promise<{ headers: Record<string, string> }>;
  }

  /** The SDK's signer, as the DynamoDB client has it. */
  function signer(env: Readonly<Record<string, string | undefined>>): Signer {
    const sdk = createRequire(createRequire(import.meta.url).resolve("@aws-sdk/client-dynamodb"));
    const core = createRequire(sdk.resolve("@aws-sdk/core"));
    const { SignatureV4 } = core("@smithy/signature-v4") as { SignatureV4: new (options: object) => Signer };
    class Sha256 {
      readonly #hash;
      constructor(secret?: string | Uint8Array) {
        this.#hash = secret ? createHmac("sha256", secret) : createHash("sha256");
      }
      update(chunk: string | Uint8Array) {
        this.#hash.update(chunk);
      }
      async digest() {
        return new Uint8Array(this.#hash.digest());
      }
    }
    return new SignatureV4({
      credentials: {
        accessKeyId: env.AWS_ACCESS_KEY_ID,
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
        ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
      },
      region: env.AWS_REGION,
      service: "ssm",
      sha256: Sha256,
      applyChecksum: false,
    });
  }
});
