import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  PutCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";

// Run as a process of its own, bundled in different ways: prints what the SDK sent and what it made of the answers.

interface Sent {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const FAULTS = [
  "ConditionalCheckFailedException",
  "TransactionCanceledException",
  "ThrottlingException",
  "NeverHeardOfException",
];
const seen: unknown[] = [];

/** Answers as the service would, without one: the given status, body and header, to whatever is sent. */
function answering(statusCode: number, body: unknown, header: Record<string, string> = {}) {
  return {
    async handle({ method, hostname, path, headers, body: sent }: Sent) {
      const { authorization = "", "x-amz-target": target, "x-amz-security-token": token } = headers;
      const signer = authorization.replace(/\/\d{8}\//, "/day/").replace(/SignedHeaders.*/, "");
      const text = typeof sent === "string" ? sent : new TextDecoder().decode(sent as Uint8Array | undefined);
      seen.push({ method, hostname, path, target, token, signer, sent: text });
      const answer = new TextEncoder().encode(JSON.stringify(body));
      return {
        response: {
          statusCode,
          headers: { "content-type": "application/x-amz-json-1.0", ...header },
          body: answer,
        },
      };
    },
  };
}

async function told(call: Promise<unknown>): Promise<void> {
  seen.push(
    await call.then(
      (answer) => ({ ...(answer as object), $metadata: undefined }),
      (error: Error & { Item?: unknown; CancellationReasons?: unknown }) => ({
        error: error.name,
        item: error.Item,
        reasons: error.CancellationReasons,
      }),
    ),
  );
}

for (const region of ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]) {
  const item = { cell: { S: "c#u0" }, packed: { B: "AAEC" }, at: { N: "1.5" } };
  const doc = (statusCode: number, body: unknown) =>
    DynamoDBDocumentClient.from(
      new DynamoDBClient({ region, maxAttempts: 1, requestHandler: answering(statusCode, body) as never }),
    );
  await told(
    doc(200, { Responses: { cells: [item] }, UnprocessedKeys: {} }).send(
      new BatchGetCommand({ RequestItems: { cells: { Keys: [{ cell: "c#u0" }] } } }),
    ),
  );
  for (const fault of FAULTS) {
    const body = {
      __type: `com.amazonaws.dynamodb.v20120810#${fault}`,
      message: "no",
      Item: item,
      CancellationReasons: [{ Code: "None" }],
    };
    const packed = new Uint8Array([0, 1, 2]);
    await told(
      doc(400, body).send(
        new PutCommand({
          TableName: "cells",
          Item: { cell: "c#u0", packed, at: 1.5, units: new Set(["a"]) },
        }),
      ),
    );
    await told(
      doc(400, body).send(
        new TransactWriteCommand({
          ClientRequestToken: "once",
          TransactItems: [{ Delete: { TableName: "cells", Key: { cell: "x" } } }],
        }),
      ),
    );
  }
  const sqs = new SQSClient({
    region,
    maxAttempts: 1,
    md5: false,
    requestHandler: answering(200, { Successful: [], Failed: [] }) as never,
  });
  const queue = `https://sqs.${region}.amazonaws.com/123456789012/health`;
  await told(
    sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: [{ Id: "0", MessageBody: "{}" }] })),
  );
  const socket = { ConnectionId: "Zq-1/x=" };
  for (const [status, fault] of [
    [200],
    [410, "GoneException"],
    [413, "PayloadTooLargeException"],
    [500, "Odd"],
  ] as const) {
    const sockets = new ApiGatewayManagementApiClient({
      region,
      maxAttempts: 1,
      endpoint: `https://abc.execute-api.${region}.amazonaws.com/ws`,
      requestHandler: answering(
        status,
        { message: "no" },
        fault ? { "x-amzn-errortype": fault } : {},
      ) as never,
    });
    await told(sockets.send(new PostToConnectionCommand({ ...socket, Data: '{"type":"pong","id":"é"}' })));
    await told(sockets.send(new DeleteConnectionCommand(socket)));
  }
}
console.log(JSON.stringify(seen, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)));
