import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { startBootstrapResponder } from "./aws.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const LINKED = ["contract", "core", "functions", "scripts", "stacks", "node_modules"];
const COPIED = ["package.json", "sst.config.ts", "tsconfig.json"];

/** What `npm install` would do in each function's directory: nothing, since a bundle leaves nothing to install. It fails if one does. */
const NPM = "#!/bin/sh\nexec grep -q '\"dependencies\":{}' package.json\n";

/** A property of a resource, as loose as CloudFormation's own JSON. */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Json[]
  | { readonly [key: string]: Json };

export interface Resource {
  readonly id: string;
  readonly stack: string;
  readonly Type: string;
  readonly Properties: Readonly<Record<string, Json>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** The files that a function is deployed as. */
export interface Artefact {
  /** From its root. */
  readonly files: readonly string[];
  /** What its modules import of each other, at once or later. */
  readonly imported: readonly string[];
}

/** A line of cdk-nag's report. */
export interface Finding {
  readonly rule: string;
  readonly resource: string;
  readonly compliance: string;
  readonly reason: string;
}

export interface Synthesis {
  readonly stacks: readonly string[];
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly findings: readonly Finding[];
  /** By the ids of functions. */
  readonly artefacts: ReadonlyMap<string, Artefact>;
  of(type: string): Resource[];
}

/**
 * Synthesizes the stacks as `sst build` does, without AWS: beside the project, so that nothing is written into it.
 *
 * @throws Error with what SST said when it refuses.
 */
export async function synthesize(
  env: Readonly<Record<string, string>> = {},
  stage = "test",
): Promise<Synthesis> {
  const directory = mkdtempSync(join(tmpdir(), "arx-synth-"));
  const aws = await startBootstrapResponder();
  try {
    for (const name of LINKED) symlinkSync(join(ROOT, name), join(directory, name));
    for (const name of COPIED) copyFileSync(join(ROOT, name), join(directory, name));
    mkdirSync(join(directory, "bin"));
    writeFileSync(join(directory, "bin", "npm"), NPM);
    chmodSync(join(directory, "bin", "npm"), 0o755);
    const { code, said } = await sstBuild(directory, stage, {
      PATH: `${join(directory, "bin")}:${process.env.PATH}`,
      HOME: directory,
      XDG_CONFIG_HOME: directory,
      AWS_ACCESS_KEY_ID: "synth",
      AWS_SECRET_ACCESS_KEY: "synth",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: aws.endpoint,
      SST_TELEMETRY_DISABLED: "1",
      CI: "1",
      ...env,
    });
    if (code !== 0) throw new Error(`sst build ended with ${code}:\n${said}`);
    return read(join(directory, "out"));
  } finally {
    await aws.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function sstBuild(
  directory: string,
  stage: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; said: string }> {
  const sst = join("node_modules", "sst", "cli", "sst.js");
  const child = spawn(process.execPath, [sst, "build", "--to", join(directory, "out"), "--stage", stage], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done({ code, said }));
  });
}

function read(directory: string): Synthesis {
  if (!existsSync(directory)) throw new Error("sst build wrote nothing.");
  const stacks: string[] = [];
  const resources: Resource[] = [];
  const outputs: Record<string, unknown> = {};
  const findings: Finding[] = [];
  const artefacts = new Map<string, Artefact>();
  for (const file of readdirSync(directory)) {
    const text = () => readFileSync(join(directory, file), "utf8");
    if (file.endsWith(".template.json")) {
      const stack = file.replace(".template.json", "");
      const template = JSON.parse(text()) as Template;
      stacks.push(stack);
      for (const [id, resource] of Object.entries(template.Resources)) {
        resources.push({ id, stack, ...resource });
        if (resource.Type === "AWS::Lambda::Function") artefacts.set(id, artefact(directory, resource));
      }
      for (const [name, output] of Object.entries(template.Outputs ?? {})) outputs[name] = output.Value;
    }
    if (file.endsWith("-NagReport.csv")) findings.push(...findingsIn(text()));
  }
  const of = (type: string) => resources.filter((one) => one.Type === type);
  return { stacks, resources, outputs, findings, artefacts, of };
}

function artefact(directory: string, { Properties }: Pick<Resource, "Properties">): Artefact {
  const { S3Key } = Properties.Code as { readonly S3Key: string };
  const root = join(directory, `asset.${S3Key.replace(/\.zip$/, "")}`);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const imported = files
    .filter((file) => file.endsWith(".mjs"))
    .flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/\b(?:from|import)\s*\(?"(\.[^"]+)"/g)].map(
        (match) => join(dirname(file), match[1]!),
      ),
    );
  return { files, imported: [...new Set(imported)] };
}

interface Template {
  readonly Resources: Readonly<Record<string, Omit<Resource, "id" | "stack">>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

function findingsIn(csv: string): Finding[] {
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [rule = "", resource = "", compliance = "", reason = ""] = line.slice(1, -1).split('","');
      return { rule, resource, compliance, reason };
    });
}
