import { expect, test } from "vitest";
import { CannotStart } from "./cannot-start.ts";
import { readOptions } from "./options.ts";

test("nothing asked for means the defaults", () => {
  expect(readOptions([])).toEqual({
    help: false,
    demo: false,
    memory: false,
    verbose: false,
    data: ".arx",
    port: undefined,
  });
});

test("every option is read", () => {
  expect(readOptions(["--demo", "--verbose", "--port=0", "--data", "x"])).toMatchObject({
    demo: true,
    verbose: true,
    port: "0",
    data: "x",
  });
  expect(readOptions(["-h"]).help).toBe(true);
});

test.each([
  [["--prot", "1"], /--prot/],
  [["start"], /start/],
  [["--port"], /--port/],
  [["--port", "-1"], /--port/],
  [["--port", "80a"], /from 0 to 65535/],
  [["--port", "65536"], /from 0 to 65535/],
  [["--data", ""], /directory/],
  [["--memory", "--data", "x"], /exclude/],
  [["--memory=yes"], /--memory/],
])("%j is refused in one line, with exit code 2", (args, words) => {
  let refused: unknown;
  try {
    readOptions(args);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(CannotStart);
  expect(refused).toMatchObject({ exitCode: 2, message: expect.stringMatching(words) });
  expect((refused as Error).message).not.toContain("\n");
});
