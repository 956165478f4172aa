import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.ts";

describe("what a deploy is told", () => {
  it("passes on what is set, and nothing else", () => {
    const { passedOn } = readSettings({ K_NEAREST: "5", MAX_DISTANCE: "", SERVER_PORT: "9", PATH: "/bin" });
    expect(passedOn).toEqual({ K_NEAREST: "5" });
  });

  it.each(["true", "1"])("refuses ARX_ALLOW_LOOPBACK=%s", (flag) => {
    expect(() => readSettings({ ARX_ALLOW_LOOPBACK: flag })).toThrow(
      /ARX_ALLOW_LOOPBACK is for the local run/,
    );
  });

  it.each(["false", "0", ""])("takes ARX_ALLOW_LOOPBACK=%s for what it says", (flag) => {
    expect(readSettings({ ARX_ALLOW_LOOPBACK: flag }).passedOn).toEqual({});
  });

  it.each([
    "*",
    "https://*.example.com",
    "https://a.example/",
    "https://a.example/path",
    "a.example",
    "null",
  ])("refuses %s as an origin", (origin) => {
    expect(() => readSettings({ ARX_CORS_ORIGINS: origin })).toThrow(/not an exact origin/);
  });

  it("reads origins one by one", () => {
    const { corsOrigins } = readSettings({ ARX_CORS_ORIGINS: "https://a.example, http://localhost:5173" });
    expect(corsOrigins).toEqual(["https://a.example", "http://localhost:5173"]);
  });

  it.each(["https://a.example", "ws://a.example", "a.example", "wss://", "wss://a.example?ticket=t"])(
    "refuses %s as the address of sockets",
    (ARX_REALTIME_URL) => {
      expect(() => readSettings({ ARX_REALTIME_URL })).toThrow(/ARX_REALTIME_URL.*is not a wss address/);
    },
  );

  it("takes an address of sockets as it is, and none for API Gateway's own", () => {
    const ARX_REALTIME_URL = "wss://events.example.com/ws/admin?channel=admin";
    expect(readSettings({ ARX_REALTIME_URL }).realtimeUrl).toBe(ARX_REALTIME_URL);
    expect(readSettings({ ARX_REALTIME_URL: "" }).realtimeUrl).toBeUndefined();
  });

  it("refuses settings that the functions would refuse when they start", () => {
    expect(() => readSettings({ K_NEAREST: "0" })).toThrow(/K_NEAREST/);
    expect(() => readSettings({ ARX_TRACING: "yes" })).toThrow(/ARX_TRACING/);
  });
});
