import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SweepOrder } from "../../core/watching/index.ts";
import { sqsQueue } from "./sqs.ts";
import { sqsPutOff } from "./sqs-put-off.ts";

const sqs = mockClient(SQSClient);
const client = new SQSClient({ region: "us-east-1" });
beforeEach(() => sqs.reset());
afterEach(() => sqs.restore());

const orders = (count: number): SweepOrder[] =>
  Array.from({ length: count }, (_, i) => ({
    directory: "g",
    cells: [`g${i.toString(2)}`],
    wave: 60,
    units: count,
  }));
const queue = () => sqsQueue<SweepOrder>("https://sqs.example/health", { client });

test("orders go out in tens, each whole, with their delay", async () => {
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
  await queue().send(orders(123), 30);
  const entries = sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries ?? []);
  expect(entries.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([
    ...new Array<number>(12).fill(10),
    3,
  ]);
  expect(entries.flat().every(({ DelaySeconds }) => DelaySeconds === 30)).toBe(true);
  expect(entries.flat().map(({ MessageBody }) => JSON.parse(MessageBody!) as unknown)).toEqual(orders(123));
  for (const batch of entries) expect(new Set(batch.map(({ Id }) => Id)).size).toBe(batch.length);
});

test("messages name whom they are for where the queue is to be fair, and nobody elsewhere", async () => {
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
  const fair = sqsQueue<{ for: string }>("https://sqs.example/fair", { client, groupOf: (one) => one.for });
  await fair.send([{ for: "a" }, { for: "b" }, { for: "a" }]);
  await queue().send(orders(1), 0);
  const [grouped, plain] = sqs
    .commandCalls(SendMessageBatchCommand)
    .map(({ args }) => args[0].input.Entries!);
  expect(grouped!.map(({ MessageGroupId, DelaySeconds }) => [MessageGroupId, DelaySeconds])).toEqual([
    ["a", 0],
    ["b", 0],
    ["a", 0],
  ]);
  expect(plain![0]).not.toHaveProperty("MessageGroupId");
});

test("an order that SQS refuses is an error, so that its trigger tries again", async () => {
  const Failed = [{ Id: "1", Code: "InternalError", SenderFault: false }];
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed });
  await expect(queue().send(orders(3), 0)).rejects.toThrow("SQS refused 1 of 3 messages: InternalError.");
});

test("a message is put off by its receipt, and a refusal is an error", async () => {
  sqs.on(ChangeMessageVisibilityCommand).resolvesOnce({}).rejects(new Error("MessageNotInflight"));
  const putOff = sqsPutOff("https://sqs.example/webhooks", client);
  await putOff("receipt-1", 30);
  expect(sqs.commandCalls(ChangeMessageVisibilityCommand)[0]!.args[0].input).toEqual({
    QueueUrl: "https://sqs.example/webhooks",
    ReceiptHandle: "receipt-1",
    VisibilityTimeout: 30,
  });
  await expect(putOff("receipt-1", 30)).rejects.toThrow("MessageNotInflight");
});
