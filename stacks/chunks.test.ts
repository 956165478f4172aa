import type { Metafile } from "esbuild";
import { expect, it } from "vitest";
import { chunksOf } from "./chunks.ts";

type Kind = "import-statement" | "dynamic-import";

function outputs(
  files: Record<string, { of?: string; imports?: Record<string, Kind> }>,
): Pick<Metafile, "outputs"> {
  const made = Object.entries(files).map(([file, { of, imports = {} }]) => {
    const named = Object.entries(imports).map(([path, kind]) => ({
      path,
      kind,
      external: path.startsWith("node:"),
    }));
    return [file, { bytes: 1, inputs: {}, exports: [], imports: named, ...(of ? { entryPoint: of } : {}) }];
  });
  return { outputs: Object.fromEntries(made) as Metafile["outputs"] };
}

it("tells what is loaded at start, through chunks that import each other, from what comes later", () => {
  const split = outputs({
    "out/a.mjs": {
      of: "src/a.ts",
      imports: {
        "out/shared.mjs": "import-statement",
        "out/b.mjs": "dynamic-import",
        "node:fs": "import-statement",
      },
    },
    "out/shared.mjs": { imports: { "out/deep.mjs": "import-statement" } },
    "out/deep.mjs": { imports: { "out/shared.mjs": "import-statement" } },
    "out/b.mjs": {
      of: "src/b.ts",
      imports: { "out/shared.mjs": "import-statement", "out/c.mjs": "import-statement" },
    },
    "out/c.mjs": {},
  });
  expect(chunksOf(split, "src/a.ts")).toEqual({
    entry: "out/a.mjs",
    atStart: ["out/a.mjs", "out/shared.mjs", "out/deep.mjs"],
    later: ["out/b.mjs", "out/c.mjs"],
  });
  expect(() => chunksOf(split, "src/nowhere.ts")).toThrow("src/nowhere.ts");
});
