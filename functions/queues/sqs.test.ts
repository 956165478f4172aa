import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SweepOrder } from "../../core/watching/index.ts";
import { sqsQueue } from "./sqs.ts";

const sqs = mockClient(SQSClient);
beforeEach(() => sqs.reset());
afterEach(() => sqs.restore());

const orders = (count: number): SweepOrder[] =>
  Array.from({ length: count }, (_, i) => ({
    directory: "g",
    cells: [`g${i.toString(2)}`],
    wave: 60,
    units: count,
  }));
const queue = () => sqsQueue("https://sqs.example/health", new SQSClient({ region: "us-east-1" }));

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

test("an order that SQS refuses is an error, so that its trigger tries again", async () => {
  const Failed = [{ Id: "1", Code: "InternalError", SenderFault: false }];
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed });
  await expect(queue().send(orders(3), 0)).rejects.toThrow("SQS refused 1 of 3 orders: InternalError.");
});
