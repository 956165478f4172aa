import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { connectEvent, disconnectEvent, gatewayId, messageEvent, type Peer } from "./socket-event.ts";

function upgrade(headers: readonly (readonly [string, string])[] = []): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.rawHeaders = headers.flat();
  return request;
}

const peer: Peer = {
  connectionId: gatewayId(),
  connectedAt: 1_700_000_000_000,
  sourceIp: "127.0.0.1",
  userAgent: "test",
  domainName: "arx.test:80",
};

test("headers keep their case, come once and as lists, and what is meant for the next hop does not come", () => {
  const request = upgrade([
    ["Host", "arx.test"],
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["X-Twice", "one"],
    ["x-twice", "two"],
    ["Authorization", "Bearer k"],
    ["X-Forwarded-For", "10.0.0.1"],
    ["x-forwarded-proto", "gopher"],
    ["__proto__", "p"],
  ]);
  const { headers, multiValueHeaders } = connectEvent(peer, request, new URLSearchParams());
  expect(multiValueHeaders).toEqual(
    Object.fromEntries([
      ["Host", ["arx.test"]],
      ["X-Twice", ["one", "two"]],
      ["Authorization", ["Bearer k"]],
      ["__proto__", ["p"]],
      ["X-Forwarded-For", ["10.0.0.1, 127.0.0.1"]],
      ["X-Forwarded-Port", [""]],
      ["X-Forwarded-Proto", ["http"]],
    ]),
  );
  expect(headers?.["X-Twice"]).toBe("two");
  expect(Object.keys(headers!)).toEqual(Object.keys(multiValueHeaders!));
});

test("a query comes as the last values and as all of them, and none as nothing", () => {
  const event = connectEvent(peer, upgrade(), new URLSearchParams("a=1&a=2&b=%C3%BC"));
  expect(event.queryStringParameters).toEqual({ a: "2", b: "ü" });
  expect(event.multiValueQueryStringParameters).toEqual({ a: ["1", "2"], b: ["ü"] });
  const none = connectEvent(peer, upgrade(), new URLSearchParams());
  expect(none).not.toHaveProperty("queryStringParameters");
  expect(none).not.toHaveProperty("multiValueQueryStringParameters");
});

test("every event tells of its connection, and of itself by an id of its own", () => {
  const events = [
    connectEvent(peer, upgrade(), new URLSearchParams()),
    messageEvent(peer, Buffer.from("hi"), false),
    disconnectEvent(peer, { code: 1000, reason: "bye" }),
  ];
  expect(events.map(({ requestContext: { routeKey, eventType } }) => [routeKey, eventType])).toEqual([
    ["$connect", "CONNECT"],
    ["$default", "MESSAGE"],
    ["$disconnect", "DISCONNECT"],
  ]);
  for (const { requestContext } of events) {
    expect(requestContext).toMatchObject({
      connectionId: peer.connectionId,
      connectedAt: 1_700_000_000_000,
      messageDirection: "IN",
      domainName: "arx.test:80",
      identity: { sourceIp: "127.0.0.1", userAgent: "test" },
      requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      extendedRequestId: requestContext.requestId,
      stage: "local",
      apiId: "local",
    });
  }
  expect(events[0]!.requestContext.requestTime).toBe("14/Nov/2023:22:13:20 +0000");
  expect(new Set(events.map(({ requestContext }) => requestContext.requestId)).size).toBe(3);
});

test("only a message has a body and a message id, only a disconnect its code", () => {
  const connect = connectEvent(peer, upgrade(), new URLSearchParams());
  const message = messageEvent(peer, Buffer.from("hü"), false);
  const disconnect = disconnectEvent(peer, { code: 1006, reason: "" });
  expect(message).toMatchObject({ body: "hü", isBase64Encoded: false });
  expect(message).not.toHaveProperty("headers");
  expect(message.requestContext.messageId).toMatch(/^[\w-]{15}=$/);
  expect(disconnect.requestContext).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: "" });
  expect(disconnect.headers).toMatchObject({ Host: "arx.test:80", "X-Forwarded-For": "127.0.0.1" });
  for (const event of [connect, disconnect]) {
    expect(event).not.toHaveProperty("body");
    expect(event.requestContext).not.toHaveProperty("messageId");
  }
  for (const event of [connect, message])
    expect(event.requestContext).not.toHaveProperty("disconnectStatusCode");
});

test("bytes come in base64", () => {
  const bytes = Buffer.from([0, 255, 128]);
  expect(messageEvent(peer, bytes, true)).toMatchObject({
    body: bytes.toString("base64"),
    isBase64Encoded: true,
  });
});

test("ids look like those of AWS, and differ", () => {
  const ids = Array.from({ length: 1000 }, gatewayId);
  for (const id of ids) expect(id).toMatch(/^[\w-]{15}=$/);
  expect(new Set(ids).size).toBe(1000);
});
