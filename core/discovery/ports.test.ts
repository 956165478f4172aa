import { expect, test } from "vitest";
import { readPorts } from "./ports.ts";

test.each([
  ["8080", [8080]],
  ["80,8080", [80, 8080]],
  [" 8080 , 80 ", [80, 8080]],
  ["9000-9003,80", [80, 9000, 9001, 9002, 9003]],
  ["80,80,79-81", [79, 80, 81]],
  ["1,65535", [1, 65535]],
  ["100-115", Array.from({ length: 16 }, (_, index) => 100 + index)],
])("%j", (text, ports) => expect(readPorts(text)).toEqual(ports));

test.each([
  "",
  ",",
  "80,",
  "0",
  "65536",
  "99999",
  "80-",
  "-80",
  "90-80",
  "80 81",
  "8e1",
  "0x50",
  "http",
  "1-65535",
  "100-116",
  "1-10,21-30",
])("%j is no list of ports, or too long a one", (text) => expect(readPorts(text)).toBeNull());
