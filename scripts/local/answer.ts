import type { ServerResponse } from "node:http";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Answer } from "../../functions/http/bind.ts";

type Headers = Readonly<Record<string, string>>;

/** Writes what a function returned as API Gateway does: its cookies apart, `over` over its own headers. */
export function sendResult(
  response: ServerResponse,
  result: APIGatewayProxyStructuredResultV2,
  over: Headers,
): void {
  const body = Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8");
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(result.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  for (const [name, value] of Object.entries(over)) headers[name] = value;
  if (result.cookies?.length) headers["set-cookie"] = result.cookies;
  const status = result.statusCode ?? 200;
  if (status !== 204 && status !== 304) headers["content-length"] = String(body.length);
  response.writeHead(status, headers);
  response.end(body);
}

/** An answer of the gateway itself, in the form in which functions return theirs. */
export function resultOf(answer: Answer, requestId: string): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: answer.status,
    headers: { ...answer.headers, "x-request-id": requestId },
    ...(answer.body === undefined ? {} : { body: JSON.stringify(answer.body) }),
  };
}

/** The answer to what is no HTTP request at all, as it goes down the socket: 431 for too many headers, 400 for the rest. */
export function rawRefusal(code: string | undefined, requestId: string): string {
  const tooLarge = code === "HPE_HEADER_OVERFLOW";
  const status = tooLarge ? 431 : 400;
  const title = tooLarge ? "Request Header Fields Too Large" : "Bad Request";
  const detail = tooLarge ? "The headers are larger than 10 KiB." : "This is not an HTTP request.";
  const document = {
    type: "about:blank",
    title,
    status,
    detail,
    request_id: requestId,
    error: detail,
    ...(tooLarge ? {} : { errors: [{ path: "", message: detail }] }),
  };
  const body = JSON.stringify(document);
  return [
    `HTTP/1.1 ${status} ${title}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
