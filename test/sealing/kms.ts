import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeKms {
  readonly endpoint: string;
  /** Operations asked for, in order. */
  readonly calls: readonly string[];
  /** The encryption context of each. */
  readonly contexts: readonly Readonly<Record<string, string>>[];
  /** What it answers instead, from now on: the name of an error; undefined to work again. */
  failWith(error: string | undefined): void;
  close(): Promise<void>;
}

/** KMS's own wire for one key: data keys that only it unwraps, and only under the context they were made for. */
export async function startFakeKms(): Promise<FakeKms> {
  const wrapped = new Map<string, { key: Buffer; context: string }>();
  const calls: string[] = [];
  const contexts: Record<string, string>[] = [];
  let failure: string | undefined;
  const answer = (operation: string, input: Record<string, unknown>) => {
    const named = Object.entries((input.EncryptionContext ?? {}) as Record<string, string>);
    const context = JSON.stringify(named.sort(([one], [other]) => (one < other ? -1 : 1)));
    if (failure) return { __type: failure };
    if (operation === "GenerateDataKey") {
      const key = randomBytes(input.NumberOfBytes as number);
      const blob = randomBytes(64).toString("base64");
      wrapped.set(blob, { key, context });
      return { Plaintext: key.toString("base64"), CiphertextBlob: blob, KeyId: input.KeyId };
    }
    const found = wrapped.get(input.CiphertextBlob as string);
    if (operation !== "Decrypt" || found?.context !== context)
      return { __type: "InvalidCiphertextException" };
    return {
      Plaintext: found.key.toString("base64"),
      KeyId: input.KeyId,
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    };
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1]!;
      calls.push(operation);
      const input = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
      contexts.push((input.EncryptionContext ?? {}) as Record<string, string>);
      const body = answer(operation, input);
      response.writeHead("__type" in body ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    contexts,
    failWith(error) {
      failure = error;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
