import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../core/events/types.ts";
import { HELP, Misused, readOptions } from "./options.ts";

const env = { ARX_KEY: "of-the-environment" };
const since = "019b76da-a801-7000-8000-000000000001";

test("nothing is needed but a key", () => {
  expect(readOptions([], env)).toEqual({
    baseUrl: "http://localhost:8080",
    token: "of-the-environment",
    types: undefined,
    cells: undefined,
    since: undefined,
    json: false,
  });
});

test("all of it can be said", () => {
  const args = ["--types", "node_created, route_request", "--cells", "u0m,dr5", "--since", since];
  expect(readOptions([...args, "--json", "--url", "https://arx.example", "--key", "k"], env)).toEqual({
    baseUrl: "https://arx.example",
    token: "k",
    types: ["node_created", "route_request"],
    cells: ["u0m", "dr5"],
    since,
    json: true,
  });
});

test.each([
  [["--types", "node_created,node_exploded"], '"node_exploded"'],
  [["--types", ""], "--types"],
  [["--cells", "u0m,,u0n"], "--cells"],
  [["--since", "yesterday"], "--since"],
  [["--url", "localhost:8080"], "--url"],
  [["--nonsense"], "--nonsense"],
  [["more"], "more"],
])("%j is refused", (args, what) => {
  expect(() => readOptions(args, env)).toThrow(Misused);
  expect(() => readOptions(args, env)).toThrow(what);
});

test("a type that there is not is told those that there are; help, too", () => {
  for (const type of EVENT_TYPES) {
    expect(() => readOptions(["--types", "x"], env)).toThrow(type);
    expect(HELP).toContain(type);
  }
  expect(HELP.split("\n").filter((line) => line.length > 140)).toEqual([]);
});

test("without a key it says where one is looked for; help needs none", () => {
  expect(() => readOptions([], {})).toThrow("ARX_KEY");
  expect(readOptions(["--help"], {})).toBeNull();
});
