import { expect, test } from "vitest";
import { targetOf } from "./event.ts";
import { channelQuery } from "./socket-path.ts";

const asked = (url: string) => channelQuery(targetOf(url))?.toString();

test.each([
  ["/ws/admin?ticket=t", "ticket=t&channel=admin"],
  ["/admin/api/v1/realtime", "channel=admin"],
  ["/ws/edge/zurich-1?a=1&a=2", "a=1&a=2&channel=edge&edge_id=zurich-1"],
  ["/ws/edge/z%C3%BCrich%20a", "channel=edge&edge_id=z%C3%BCrich+a"],
  ["/?channel=edge&edge_id=e-1", "channel=edge&edge_id=e-1"],
  ["/", ""],
])("%s asks for %j", (url, query) => {
  expect(asked(url)).toBe(query);
});

test("a path says which channel it is, whatever the query claims", () => {
  expect(asked("/ws/admin?channel=edge&edge_id=e&channel=x")).toBe("channel=admin");
  expect(asked("/ws/edge/one?edge_id=two&channel=admin")).toBe("channel=edge&edge_id=one");
});

test.each([
  "/ws",
  "/ws/admin/",
  "/ws/edge",
  "/ws/edge/",
  "/ws/edge/a/b",
  "/ws/edge/a%2Fb",
  "/api/v1/route",
  "/x",
])("%s has no WebSocket", (url) => {
  expect(asked(url)).toBeUndefined();
});
