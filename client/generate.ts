import { readFileSync, writeFileSync } from "node:fs";
import { ENDPOINTS } from "../contract/index.ts";
import { routesSource } from "./routes-source.ts";

/* Writes routes.ts from the endpoint list. A test fails when it was forgotten. */
const file = new URL("routes.ts", import.meta.url);
const source = routesSource(ENDPOINTS);
if (readFileSync(file, "utf8") !== source) writeFileSync(file, source);
