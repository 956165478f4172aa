import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { BUNDLING } from "../../stacks/bundling.ts";
import { FUNCTIONS, type FunctionName } from "../../stacks/functions.ts";
import type { Bench, Figure } from "./bench.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const KB = 1000;

/** What esbuild does by itself for a function that is an ES module on Node; `require` as some CommonJS in it wants it. */
const DEFAULTS: BuildOptions = { bundle: true, platform: "node", format: "esm", banner: BUNDLING.banner };

/**
 * Imports a module in a process whose builtins are warm, and prints the milliseconds it took. The builtins that the other bundle wants
 * are warm too, so that what is compared is the bundles' own code.
 */
const TIMER = `
  import { builtinModules } from "node:module";
  for (const name of builtinModules) if (!name.startsWith("_") && name !== "wasi" && name !== "sqlite") await import("node:" + name).catch(() => {});
  const began = performance.now();
  await import(process.argv[2]);
  console.log(performance.now() - began);
  process.exit(0);
`;

export const bench: Bench = {
  name: "bundle",
  what: "Size of each function's bundle, and how long the route function takes to import",
  async run({ full, log }) {
    const directory = mkdtempSync(join(tmpdir(), "arx-bundle-"));
    try {
      const figures: Figure[] = [];
      for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
        const file = join(directory, `${name}.mjs`);
        const heaviest = await bundle(name, BUNDLING as unknown as BuildOptions, file);
        const value = statSync(file).size / KB;
        figures.push({
          name: `bundle of ${name}`,
          value,
          unit: "KB",
          bar: { op: "<=", value: name === "routing" ? 260 : 600 },
        });
        log(`${name}: ${heaviest.map(([input, bytes]) => `${input} ${(bytes / KB).toFixed(1)}`).join(", ")}`);
      }
      await bundle("routing", DEFAULTS, join(directory, "defaults.mjs"));
      writeFileSync(join(directory, "empty.mjs"), "");
      writeFileSync(join(directory, "timer.mjs"), TIMER);
      const { empty, shipped, defaults } = importTimes(directory, full ? 41 : 11);
      figures.push(
        { name: "import of routing, builtins warm", value: shipped - empty, unit: "ms" },
        { name: "the same, bundled with defaults", value: defaults - empty, unit: "ms" },
        {
          name: "import, to defaults",
          value: (shipped - empty) / (defaults - empty),
          unit: "ratio",
          bar: { op: "<=", value: 0.6 },
        },
      );
      return figures;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** Writes the bundle of a function. @returns the packages that weigh most in it, with their bytes. */
async function bundle(
  name: FunctionName,
  options: BuildOptions,
  outfile: string,
): Promise<[string, number][]> {
  const { metafile } = await build({
    ...options,
    entryPoints: [join(ROOT, FUNCTIONS[name].entry)],
    absWorkingDir: ROOT,
    outfile,
    metafile: true,
    logLevel: "error",
  });
  const weights = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const owner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? "Arx itself";
      weights.set(owner, (weights.get(owner) ?? 0) + bytesInOutput);
    }
  }
  return [...weights].sort((a, b) => b[1] - a[1]).slice(0, 6);
}

/** Medians in ms, of processes that take turns, so that what else the machine does meets all three alike. */
function importTimes(directory: string, rounds: number): Record<"empty" | "shipped" | "defaults", number> {
  const files = { empty: "empty.mjs", shipped: "routing.mjs", defaults: "defaults.mjs" };
  const times = { empty: [] as number[], shipped: [] as number[], defaults: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const [which, file] of Object.entries(files)) {
      times[which as keyof typeof files].push(timeImport(directory, file));
    }
  }
  return { empty: median(times.empty), shipped: median(times.shipped), defaults: median(times.defaults) };
}

function timeImport(directory: string, file: string): number {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(directory, "timer.mjs"), join(directory, file)],
    {
      encoding: "utf8",
      env: { AWS_REGION: "us-east-1" },
    },
  );
  if (status !== 0) throw new Error(`${file} can't be imported: ${stderr}`);
  return Number(stdout);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}
