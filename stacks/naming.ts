import { readFileSync } from "node:fs";
import type { App } from "sst/constructs";

/** `ARX_TABLE_PREFIX` of a stage: the tables of every stage of an account have their own names. */
export function tablePrefix(app: App): string {
  return `${app.name}-${app.stage}`;
}

/** Whether what is stored must outlive its stack. */
export function isProduction(app: App): boolean {
  return app.stage === "prod" || app.stage === "production";
}

/** `health-worker` → `HealthWorker`, as CloudFormation names things. */
export function logicalName(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** The version in package.json; SST synthesizes with the project's root as its working directory. */
export function version(): string {
  return (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
}
