import { parseArgs } from "node:util";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod/mini";

const HELP = `Hands changes that a stream's function could not take to that function again, oldest first, and deletes what it took.

  npm run redrive -- --bucket NAME --queue URL   the outputs Failed…Bucket and Failed…QueueUrl of a deploy

  --bucket NAME     where the failed changes are
  --queue URL       the queue that tells of them; messages whose object is gone are deleted, so that its alarm ends
  --function NAME   the function to call; the one that failed, as each object names it, when left out
  --dry-run         say what is there, and change nothing
  --help            show this

Your AWS credentials and AWS_REGION are used. Ends with 0 when nothing is left, 1 when something failed again and stays, 2 when the
command is not understood.`;

const OPTIONS = {
  bucket: { type: "string" },
  queue: { type: "string" },
  function: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Lambda chooses the rest: trigger, shard, day, time. */
const PREFIX = "aws/lambda/";
/** Longer than any function runs. */
const PATIENCE_MS = 900_000;
/** Seconds that a message about an object that stays is out of sight of the next look. */
const HIDDEN_S = 120;

/** The command is not understood; the message says what of it. */
class Misused extends Error {}

/** What Lambda puts aside: who failed, on what of which shard, and the event itself. */
const record = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.optional(z.string()) }),
  DDBStreamBatchInfo: z.object({ shardId: z.string(), batchSize: z.optional(z.number()) }),
  payload: z.unknown(),
});
const event = z.looseObject({ Records: z.array(z.unknown()) });
const partial = z.object({ batchItemFailures: z.optional(z.array(z.unknown())) });
const notice = z.object({ bucket: z.string(), key: z.string() });

interface Failed {
  readonly functionName: string;
  readonly shard: string;
  readonly records: number;
  readonly text: string;
}

interface Clients {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
}

async function main(args: readonly string[]): Promise<boolean> {
  const { bucket, queue, function: target, "dry-run": isDry, help } = options(args);
  if (help) {
    console.log(HELP);
    return true;
  }
  if (!bucket) throw new Misused("--bucket must name the bucket of failed changes.");
  const clients = {
    s3: new S3Client({}),
    lambda: new LambdaClient({ requestHandler: { requestTimeout: PATIENCE_MS } }),
    sqs: new SQSClient({}),
  };
  let taken = 0;
  let left = 0;
  for await (const key of keysOf(clients.s3, bucket)) {
    try {
      const failed = await read(clients.s3, bucket, key, target);
      const what = `${key}: ${failed.records} records of ${failed.shard} for ${failed.functionName}`;
      if (isDry) {
        left++;
        console.log(what);
        continue;
      }
      await handOver(clients.lambda, failed);
      await clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      taken++;
      console.log(`${what}: taken`);
    } catch (error) {
      if (isDenied(error)) throw error;
      left++;
      console.error(`${key}: ${(error as Error).message}`);
    }
  }
  if (isDry) {
    console.log(`${left} objects; nothing was changed.`);
    return true;
  }
  const told = queue ? `, ${await settle(clients, queue, bucket)} messages deleted` : "";
  console.log(`${taken} objects taken${told}, ${left} left.`);
  return left === 0;
}

/** The command's options. @throws Misused */
function options(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new Misused((error as Error).message);
  }
}

/** The objects' keys, of each shard in the order in which they failed. */
async function* keysOf(client: S3Client, bucket: string): AsyncGenerator<string> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: PREFIX }))
    for (const { Key } of page.Contents ?? []) if (Key) yield Key;
}

async function read(s3: S3Client, bucket: string, key: string, target: string | undefined): Promise<Failed> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const text = (await Body?.transformToString()) ?? "";
  const { requestContext, DDBStreamBatchInfo: batch, payload } = parsed(record, text, "the object");
  const given = z.safeParse(event, typeof payload === "string" ? json(payload, "the payload") : payload);
  if (!given.success)
    throw new Error("the object holds no event with records, so it is none that Lambda put aside.");
  // Functions that keep count by the shard are told it by their trigger, beside the records.
  const whole = { shardId: batch.shardId, ...given.data };
  return {
    functionName: target ?? requestContext.functionArn,
    shard: batch.shardId,
    records: whole.Records.length,
    text: JSON.stringify(whole),
  };
}

/** @throws Error when the function fails again, on all of it or on some. */
async function handOver(lambda: LambdaClient, { functionName, text }: Failed): Promise<void> {
  const answer = await lambda.send(new InvokeCommand({ FunctionName: functionName, Payload: text }));
  const said = answer.Payload?.transformToString() ?? "";
  if (answer.FunctionError) throw new Error(`the function failed again: ${said.slice(0, 500)}`);
  const { batchItemFailures = [] } = said && said !== "null" ? parsed(partial, said, "the answer") : {};
  if (batchItemFailures.length > 0)
    throw new Error(`the function gave back records again, ${JSON.stringify(batchItemFailures[0])} first.`);
}

/** Deletes the messages about objects that are gone. @returns how many */
async function settle({ s3, sqs }: Clients, queue: string, bucket: string): Promise<number> {
  const seen = new Set<string>();
  let deleted = 0;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        VisibilityTimeout: HIDDEN_S,
      }),
    );
    const fresh = Messages.filter(({ MessageId }) => !seen.has(MessageId!));
    if (fresh.length === 0) return deleted;
    for (const { MessageId, Body = "", ReceiptHandle } of fresh) {
      seen.add(MessageId!);
      const said = z.safeParse(notice, json(Body, `the message ${MessageId}`));
      if (said.data?.bucket !== bucket || (await isThere(s3, bucket, said.data.key))) continue;
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
      deleted++;
    }
  }
}

async function isThere(s3: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if ((error as Error).name === "NotFound") return false;
    throw error;
  }
}

function parsed<T extends z.ZodMiniType>(schema: T, text: string, what: string): z.output<T> {
  const result = z.safeParse(schema, json(text, what));
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`${what} is not as expected: ${path.join(".")} ${message}`);
}

function json(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${what} is not JSON.`);
  }
}

/** Whether the next object would fare no better. */
function isDenied(error: unknown): boolean {
  return /AccessDenied|ResourceNotFound|Credentials|ExpiredToken|InvalidSignature|UnrecognizedClient|NoSuchBucket/.test(
    (error as Error).name,
  );
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  console.error(`redrive: ${(error as Error).message}`);
  process.exitCode = error instanceof Misused ? 2 : 1;
}
