import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FailedStore, startFailedStore } from "./failed-store.ts";

const SCRIPT = resolve(import.meta.dirname, "../../scripts/redrive.ts");
const ARN = "arn:aws:lambda:us-east-1:123456789012:function:arx-rollups";
const SHARD = "shardId-00000001573689847184-864758bb";
const RECORDS = [{ eventID: "1", dynamodb: { SequenceNumber: "800000000003126276362" } }];

let aws: FailedStore;
beforeEach(async () => {
  aws = await startFailedStore();
});
afterEach(() => aws.close());

describe("npm run redrive", () => {
  it("hands over the event of each object, with its shard, and deletes what was taken", async () => {
    const keys = Array.from({ length: 5 }, (_, i) => put(i));
    const { code, out } = await redrive();
    expect(code, out).toBe(0);
    expect(aws.invoked).toEqual(
      keys.map((_, i) => ({ name: ARN, event: { ...eventOf(i), shardId: SHARD } })),
    );
    expect([...aws.objects.keys()]).toEqual([]);
    expect(out).toContain("5 objects taken, 0 messages deleted, 0 left.");
  });

  it("takes a payload that is JSON within JSON, and calls the function it is told to", async () => {
    put(0, { payload: JSON.stringify(eventOf(0)) });
    const { code } = await redrive("--function", "other");
    expect(code).toBe(0);
    expect(aws.invoked).toEqual([{ name: "other", event: { ...eventOf(0), shardId: SHARD } }]);
  });

  it("keeps what fails again, in whole or in part, says why, and goes on", async () => {
    const keys = [put(0), put(1), put(2), put(3)];
    aws.answers.push(
      { error: "Unhandled", body: { errorMessage: "no such table" } },
      { body: { state: {}, batchItemFailures: [{ itemIdentifier: "80" }] } },
      { body: { state: {}, batchItemFailures: [] } },
    );
    const { code, out } = await redrive();
    expect(code).toBe(1);
    expect([...aws.objects.keys()]).toEqual([keys[0], keys[1]]);
    expect(out).toMatch(/failed again: .*no such table/);
    expect(out).toMatch(/gave back records again.*"80"/);
    expect(out).toContain("2 objects taken");
  });

  it("keeps what it can't read", async () => {
    aws.objects.set("aws/lambda/a", "{");
    aws.objects.set("aws/lambda/b", JSON.stringify({ requestContext: { functionArn: ARN } }));
    put(3, { payload: { Records: "none" } });
    const { code, out } = await redrive();
    expect(code).toBe(1);
    expect(aws.objects.size).toBe(3);
    expect(aws.invoked).toEqual([]);
    expect(out).toMatch(/aws\/lambda\/a: the object is not JSON/);
    expect(out).toMatch(/aws\/lambda\/b: the object is not as expected: DDBStreamBatchInfo/);
    expect(out).toMatch(/no event with records/);
  });

  it("deletes the messages of objects that are gone, and no others", async () => {
    const keys = [put(0), put(1)];
    aws.answers.push({ error: "Unhandled", body: {} });
    for (const key of [...keys, "aws/lambda/long/gone"])
      aws.messages.push(JSON.stringify({ bucket: "failed", key }));
    aws.messages.push(JSON.stringify({ bucket: "another", key: "aws/lambda/long/gone" }));
    const { code, out } = await redrive();
    expect(code).toBe(1);
    expect(out).toContain("1 objects taken, 2 messages deleted, 1 left.");
    expect(aws.messages.map((text) => JSON.parse(text) as unknown)).toEqual([
      { bucket: "failed", key: keys[0] },
      { bucket: "another", key: "aws/lambda/long/gone" },
    ]);
  });

  it("changes nothing on a dry run", async () => {
    const key = put(0);
    aws.messages.push(JSON.stringify({ bucket: "failed", key: "gone" }));
    const { code, out } = await redrive("--dry-run");
    expect(code).toBe(0);
    expect(out).toContain(`${key}: 1 records of ${SHARD} for ${ARN}`);
    expect(aws.invoked).toEqual([]);
    expect([aws.objects.size, aws.messages.length]).toEqual([1, 1]);
  });

  it("says what it does not understand", async () => {
    expect(await run([])).toMatchObject({ code: 2, out: expect.stringContaining("--bucket") as string });
    expect(await run(["--buckt", "x"])).toMatchObject({ code: 2 });
    expect(await run(["--help"])).toMatchObject({ code: 0 });
  });

  function eventOf(i: number) {
    return { Records: RECORDS, window: { start: String(i) }, state: {} };
  }

  /** An object as Lambda writes it. @returns its key */
  function put(i: number, changed: Record<string, unknown> = {}): string {
    const key = `aws/lambda/7f6/${SHARD}/2026/11/21/2026-11-21T09.0${i}.00-${i}`;
    const context = {
      requestId: "r",
      functionArn: ARN,
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 11,
    };
    const batch = {
      shardId: SHARD,
      startSequenceNumber: "8",
      endSequenceNumber: "9",
      batchSize: 1,
      streamArn: "arn",
    };
    aws.objects.set(
      key,
      JSON.stringify({
        requestContext: context,
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: "2026-11-21T09:00:00Z",
        DDBStreamBatchInfo: batch,
        payload: eventOf(i),
        ...changed,
      }),
    );
    return key;
  }

  function redrive(...more: string[]) {
    return run(["--bucket", "failed", "--queue", `${aws.endpoint}/123456789012/dead`, ...more]);
  }

  function run(args: readonly string[]): Promise<{ code: number; out: string }> {
    const env = {
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "secret",
      PATH: process.env.PATH,
    };
    return new Promise((done) => {
      execFile(process.execPath, [SCRIPT, ...args], { env }, (error, stdout, stderr) => {
        done({ code: error ? Number(error.code) : 0, out: `${stdout}${stderr}` });
      });
    });
  }
});
