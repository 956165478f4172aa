import { expect, test } from "vitest";
import { ENDPOINTS } from "../contract/index.ts";
import { ROUTES } from "./routes.ts";
import { routesOf } from "./routes-source.ts";

test("routes.ts is what the endpoint list makes it; `node client/generate.ts` writes it anew", () => {
  expect(ROUTES).toEqual(routesOf(ENDPOINTS));
});
