import type { APIGatewayProxyEventV2, Context, SQSEvent, SQSRecord } from "aws-lambda";
import type { SweepOrder } from "../../../core/watching/index.ts";
import type { SocketEvent } from "../../../functions/ws/event.ts";

/** Handlers here read nothing of it. */
export const CONTEXT = {} as Context;

/** A request as API Gateway's HTTP API puts it to a function (payload format 2.0). */
export function httpEvent(
  method: string,
  path: string,
  body?: unknown,
  authorization?: string,
): APIGatewayProxyEventV2 {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";
  return {
    version: "2.0",
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: "",
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      "content-type": "application/json",
      host: "api.example.com",
      "user-agent": userAgent,
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "198.51.100.7", userAgent },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: `${method} ${path}`,
      stage: "$default",
      time: "21/Nov/2026:03:00:00 +0000",
      timeEpoch: 1_795_230_000_000,
    },
    ...(text === undefined ? {} : { body: text }),
    isBase64Encoded: false,
  };
}

/** What API Gateway tells of a WebSocket. */
export function socketEvent(
  routeKey: "$connect" | "$disconnect" | "$default",
  connectionId: string,
  rest: Pick<SocketEvent, "queryStringParameters" | "body"> = {},
): SocketEvent {
  return { requestContext: { routeKey, connectionId, requestId: `${connectionId}-${routeKey}` }, ...rest };
}

/** An order as the health queue hands it over. */
export function queueEvent(order: SweepOrder): SQSEvent {
  const record = { messageId: "1", body: JSON.stringify(order), eventSource: "aws:sqs" };
  return { Records: [record as SQSRecord] };
}
