import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startBootstrapResponder } from "./aws.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** What a synthesis reads of the project. It runs beside it, so that nothing is written into it and two can run at once. */
const READ = ["client", "contract", "core", "functions", "node_modules", "scripts", "stacks"];

export interface Resource {
  readonly Type: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Properties: Record<string, any>;
  readonly DependsOn?: unknown;
  readonly DeletionPolicy?: string;
}
