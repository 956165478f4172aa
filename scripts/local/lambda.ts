import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";

/** The context that Lambda hands to a function beside its event, with `timeoutMs` left from now. */
export function lambdaContext(functionName: string, timeoutMs: number): Context {
  const ends = performance.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    memoryLimitInMB: "1024",
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: "local",
    getRemainingTimeInMillis: () => Math.max(0, ends - performance.now()),
    done() {},
    fail() {},
    succeed() {},
  };
}

export class FunctionTimeout extends Error {}

/** Calls a function as Lambda does: it may throw at once or later, and is given up after `timeoutMs`. */
export async function invoke<E, R>(
  handler: (event: E, context: Context) => Promise<R>,
  event: E,
  functionName: string,
  timeoutMs: number,
): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new FunctionTimeout(`${functionName} did not end within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    const call = (async () => handler(event, lambdaContext(functionName, timeoutMs)))();
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
