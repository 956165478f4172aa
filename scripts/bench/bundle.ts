import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { BUNDLING } from "../../stacks/bundling.ts";
import { chunksOf } from "../../stacks/chunks.ts";
import { FUNCTIONS, type FunctionName } from "../../stacks/functions.ts";
import type { Bench, Figure } from "./bench.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const KB = 1000;

/** What esbuild does by itself for a function that is an ES module on Node; `require` as some CommonJS in it wants it. */
const DEFAULTS: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  outExtension: BUNDLING.outExtension,
  banner: BUNDLING.banner,
};

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
  what: "Size of what each function loads at start, and how long the route function takes to import",
  async run({ full, log }) {
    const directory = mkdtempSync(join(tmpdir(), "arx-bundle-"));
    try {
      const figures: Figure[] = [];
      for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
        const { atStart, later, heaviest } = await bundle(
          name,
          BUNDLING as unknown as BuildOptions,
          directory,
        );
        const bar = { op: "<=", value: name === "routing" ? 260 : 600 } as const;
        figures.push({ name: `${name}, loaded at start`, value: atStart / KB, unit: "KB", bar });
        figures.push({
          name: `${name}, with what is loaded later`,
          value: (atStart + later) / KB,
          unit: "KB",
        });
        log(`${name}: ${heaviest.map(([input, bytes]) => `${input} ${(bytes / KB).toFixed(1)}`).join(", ")}`);
      }
      const shipped = (await bundle("routing", BUNDLING as unknown as BuildOptions, directory)).file;
      const plain = (await bundle("routing", DEFAULTS, join(directory, "defaults"))).file;
      const blank = join(directory, "empty.mjs");
      writeFileSync(blank, "");
      writeFileSync(join(directory, "timer.mjs"), TIMER);
      const { empty, ours, defaults } = importTimes(
        directory,
        { empty: blank, ours: shipped, defaults: plain },
        full ? 41 : 11,
      );
      figures.push(
        { name: "import of routing, builtins warm", value: ours - empty, unit: "ms" },
        { name: "the same, bundled with defaults", value: defaults - empty, unit: "ms" },
        {
          name: "import, to defaults",
          value: (ours - empty) / (defaults - empty),
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

interface Bundled {
  /** What Lambda would load. */
  readonly file: string;
  /** Bytes that are loaded before the first call, and those that come when they are needed. */
  readonly atStart: number;
  readonly later: number;
  /** The packages that weigh most at start, with their bytes. */
  readonly heaviest: [string, number][];
}

/** Writes the bundle of a function into a directory of its own. */
async function bundle(name: FunctionName, options: BuildOptions, directory: string): Promise<Bundled> {
  const { entry } = FUNCTIONS[name];
  const { metafile } = await build({
    ...options,
    entryPoints: [join(ROOT, entry)],
    absWorkingDir: ROOT,
    outdir: join(directory, name),
    metafile: true,
    logLevel: "error",
  });
  const chunks = chunksOf(metafile, entry);
  return {
    file: resolve(ROOT, chunks.entry),
    atStart: bytesOf(metafile, chunks.atStart),
    later: bytesOf(metafile, chunks.later),
    heaviest: heaviest(metafile, chunks.atStart),
  };
}

function bytesOf({ outputs }: Metafile, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + outputs[file]!.bytes, 0);
}

function heaviest({ outputs }: Metafile, files: readonly string[]): [string, number][] {
  const weights = new Map<string, number>();
  for (const file of files) {
    for (const [input, { bytesInOutput }] of Object.entries(outputs[file]!.inputs)) {
      const owner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? "Arx itself";
      weights.set(owner, (weights.get(owner) ?? 0) + bytesInOutput);
    }
  }
  return [...weights].sort((a, b) => b[1] - a[1]).slice(0, 6);
}

type Which = "empty" | "ours" | "defaults";

/** Medians in ms, of processes that take turns, so that what else the machine does meets all three alike. */
function importTimes(
  directory: string,
  files: Readonly<Record<Which, string>>,
  rounds: number,
): Record<Which, number> {
  const times: Record<Which, number[]> = { empty: [], ours: [], defaults: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [which, file] of Object.entries(files))
      times[which as Which].push(timeImport(directory, file));
  }
  return { empty: median(times.empty), ours: median(times.ours), defaults: median(times.defaults) };
}

function timeImport(directory: string, file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, "timer.mjs"), file], {
    encoding: "utf8",
    env: { AWS_REGION: "us-east-1" },
  });
  if (status !== 0) throw new Error(`${file} can't be imported: ${stderr}`);
  return Number(stdout);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}
