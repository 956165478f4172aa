import { createHash, createHmac } from "node:crypto";

type Env = Readonly<Record<string, string | undefined>>;

/** How SST marks, in a function's environment, a secret that is bound to it and kept in Parameter Store. */
const BOUND = /^SST_Secret_value_(\w+)$/;
const ATTEMPTS = 3;
const ATTEMPT_MS = 2000;

/**
 * The secrets that SST bound to this function (`Config.Secret`), by name; none locally, where the environment holds them itself. A
 * stage's own value goes before the app's fallback. This is what `sst/node/config` does, without its own copy of the AWS SDK.
 *
 * @throws Error when one is not set, or can't be read: the function then does not start, and Lambda tries again.
 */
export async function readSecrets(
  env: Env,
  call: typeof fetch = fetch,
  now: () => number = Date.now,
): Promise<Record<string, string>> {
  const names = Object.entries(env).flatMap(([variable, value]) => {
    const name = BOUND.exec(variable)?.[1];
    return name && value === "__FETCH_FROM_SSM__" ? [name] : [];
  });
  if (names.length === 0) return {};
  const paths = new Map(
    names.flatMap((name) => [
      [`/sst/${env.SST_APP}/.fallback/Secret/${name}/value`, name] as const,
      [`${env.SST_SSM_PREFIX}Secret/${name}/value`, name] as const,
    ]),
  );
  const values = await getParameters([...paths.keys()], env, call, now);
  const secrets: Record<string, string> = {};
  for (const [path, name] of paths) {
    const value = values.get(path);
    if (value !== undefined) secrets[name] = value;
  }
  const missing = names.filter((name) => secrets[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`Not set in stage ${env.SST_STAGE}: ${missing.join(", ")}. Use \`npx sst secrets set\`.`);
  }
  return secrets;
}

/** The parameters that there are, decrypted, by name. */
async function getParameters(
  names: readonly string[],
  env: Env,
  call: typeof fetch,
  now: () => number,
): Promise<Map<string, string>> {
  const body = JSON.stringify({ Names: names, WithDecryption: true });
  const host = `ssm.${env.AWS_REGION}.amazonaws.com${env.AWS_REGION?.startsWith("cn-") ? ".cn" : ""}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await call(`https://${host}/`, {
        method: "POST",
        body,
        headers: signed({ host, target: "AmazonSSM.GetParameters", body, now: now() }, env),
        signal: AbortSignal.timeout(ATTEMPT_MS),
      });
      if (!answer.ok) throw new Error(`Parameter Store answered ${answer.status}: ${await answer.text()}`);
      const { Parameters = [] } = (await answer.json()) as { Parameters?: { Name: string; Value: string }[] };
      return new Map(Parameters.map(({ Name, Value }) => [Name, Value]));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

export interface Unsigned {
  readonly host: string;
  /** `X-Amz-Target` of the call. */
  readonly target: string;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** The headers of an AWS JSON 1.1 call to SSM by POST, signed with the function's credentials (AWS Signature Version 4). */
export function signed({ host, target, body, now }: Unsigned, env: Env): Record<string, string> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = [time.slice(0, 8), env.AWS_REGION ?? "", "ssm", "aws4_request"];
  const headers: Record<string, string> = {
    "content-type": "application/x-amz-json-1.1",
    host,
    "x-amz-date": time,
    ...(env.AWS_SESSION_TOKEN ? { "x-amz-security-token": env.AWS_SESSION_TOKEN } : {}),
    "x-amz-target": target,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const names = Object.keys(headers).join(";");
  const request = ["POST", "/", "", lines.join(""), names, sha256(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(request)].join("\n");
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${env.AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, toSign).toString("hex");
  const { host: _, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope.join("/")}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
