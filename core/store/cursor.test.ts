import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { Malformed } from "../errors.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

const place = z.tuple([z.number(), z.string()]);

describe("cursors", () => {
  it("come back as the place they were made of, and fit a URL as they are", () => {
    const cursor = encodeCursor("nodes", [7, "ü/?&"]);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor("nodes", place, cursor)).toEqual([7, "ü/?&"]);
  });

  it.each([
    ["of another listing", encodeCursor("requests", [7, "a"])],
    ["of another place", encodeCursor("nodes", ["a", 7])],
    ["no JSON", Buffer.from("[").toString("base64url")],
    ["no array", Buffer.from("null").toString("base64url")],
    ["of another alphabet", `${encodeCursor("nodes", [7, "a"])}=`],
    ["with something between", `${encodeCursor("nodes", [7, "a"])} !`],
    ["bare", "!!!"],
  ])("are refused when they are %s", (_, cursor) => {
    expect(() => decodeCursor("nodes", place, cursor)).toThrow(Malformed);
  });
});
