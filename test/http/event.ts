import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { HttpHandler } from "../../functions/http/chain.ts";

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** An event as API Gateway's HTTP API puts it to a function (payload format 2.0): header names in lower case. */
export function httpEvent({
  method = "POST",
  path = "/api/v1/route",
  ...sent
}: Sent): APIGatewayProxyEventV2 {
  const [rawPath, rawQueryString] = path.split("?") as [string, string | undefined];
  return {
    version: "2.0",
    routeKey: `${method} ${rawPath}`,
    rawPath,
    rawQueryString: rawQueryString ?? "",
    headers: { host: "api.example.com", "content-type": "application/json", ...sent.headers },
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "198.51.100.7", userAgent: "test" },
      requestId: "gateway-1",
      routeKey: `${method} ${rawPath}`,
      stage: "$default",
      time: "21/Nov/2026:03:00:00 +0000",
      timeEpoch: 1_795_230_000_000,
    },
    ...(sent.body === undefined ? {} : { body: sent.body }),
    isBase64Encoded: sent.isBase64Encoded ?? false,
  };
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

/** Calls a handler as Lambda does. */
export async function call(handler: HttpHandler, sent: Sent): Promise<Received> {
  const { statusCode, headers, body } = await handler(httpEvent(sent), {} as Context);
  return {
    status: statusCode!,
    headers: headers as Record<string, string>,
    body: body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>),
  };
}
