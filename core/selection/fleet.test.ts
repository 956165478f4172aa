import { expect, test } from "vitest";
import { fleetRate } from "./fleet.ts";

test("rates add up and the session follows from Little's law", () => {
  const fleet = fleetRate(
    [
      { sends: 300, seconds: 30 },
      { sends: 150, seconds: 30 },
    ],
    900,
  );
  expect(fleet).toEqual({ routesPerSecond: 15, routers: 2, sessionSeconds: 60 });
});

test("without routes no session length is made up", () => {
  expect(fleetRate([], 500)).toEqual({ routesPerSecond: 0, routers: 1 });
  expect(fleetRate([{ sends: 5, seconds: 0 }], 500)).toEqual({ routesPerSecond: 0, routers: 1 });
});

test("a session is kept within a second and an hour", () => {
  expect(fleetRate([{ sends: 100, seconds: 1 }], 0).sessionSeconds).toBe(1);
  expect(fleetRate([{ sends: 1, seconds: 100 }], 1e9).sessionSeconds).toBe(3600);
});
