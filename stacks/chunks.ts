import type { Metafile } from "esbuild";

/** The files of a bundle, by when they are loaded. */
export interface Chunks {
  /** What Lambda is told to load. */
  readonly entry: string;
  /** It, and all that it imports: loaded before the first call. */
  readonly atStart: readonly string[];
  /** What is loaded by an `import()`, when that is come to. */
  readonly later: readonly string[];
}

/**
 * How a bundle that esbuild split is loaded.
 *
 * @param source the entry's own path, as the metafile has it: what is imported dynamically is an entry too.
 */
export function chunksOf({ outputs }: Pick<Metafile, "outputs">, source: string): Chunks {
  const entry = Object.keys(outputs).find((file) => outputs[file]!.entryPoint === source);
  if (entry === undefined) throw new Error(`Nothing was bundled of ${source}.`);
  const atStart = new Set([entry]);
  for (const file of atStart) {
    for (const { path, kind } of outputs[file]!.imports) {
      if (kind === "import-statement" && path in outputs) atStart.add(path);
    }
  }
  return { entry, atStart: [...atStart], later: Object.keys(outputs).filter((file) => !atStart.has(file)) };
}
