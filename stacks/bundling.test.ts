import { describe, expect, it } from "vitest";
import { markPure, pastIndexes } from "./bundling.ts";

describe("imports past an index", () => {
  const INDEX =
    'export * as Cells from "./cells.ts";\nexport type { Near } from "./nearest.ts";\nexport { one } from "./one.ts";\n';

  it.each([
    ['import { Cells } from "../cells/index.ts";', 'import * as Cells from "../cells/cells.ts";'],
    [
      'import { Cells, type Near, one } from "../cells/index.ts";',
      'import * as Cells from "../cells/cells.ts"; import { type Near, one } from "../cells/index.ts";',
    ],
    [
      'import { type Near, one } from "../cells/index.ts";',
      'import { type Near, one } from "../cells/index.ts";',
    ],
    ['import type { Near } from "../cells/index.ts";', 'import type { Near } from "../cells/index.ts";'],
    [
      'import {\n  Cells,\n  one,\n} from "../cells/index.ts";',
      'import * as Cells from "../cells/cells.ts"; import { one } from "../cells/index.ts";',
    ],
  ])("%s", (source, wanted) => {
    expect(pastIndexes(source, () => INDEX)).toBe(wanted);
  });
});

describe("marking what may go when it is not used", () => {
  it("marks a schema of several lines to its end, and nothing after it", () => {
    const source =
      "const a = z.pipe(\n  z.string(),\n  z.transform((text) => {\n    const b = f(text);\n\n    return b;\n  }),\n);\n\nexport const c = 1;\n";
    expect(markPure(source)).toBe(
      "const a = /* @__PURE__ */ (() => z.pipe(\n  z.string(),\n  z.transform((text) => {\n    const b = f(text);\n\n    return b;\n  }),\n))();\n\nexport const c = 1;\n",
    );
  });

  it("marks the last statement of a file, one broken over its chain, and one with a type", () => {
    expect(markPure("export const a = z\n  .string()\n  .check(x());\n")).toBe(
      "export const a = /* @__PURE__ */ (() => z\n  .string()\n  .check(x()))();\n",
    );
    expect(markPure("const a: Thing = verb(x);\n")).toBe(
      "const a: Thing = /* @__PURE__ */ (() => verb(x))();\n",
    );
  });

  it.each([
    "const f = (x: number) => g(x);\n",
    "const f = async (x: number) => g(x);\n",
    "const n = 3;\n",
    'const list = ["a", "b"];\n',
    "function f() {\n  const a = g();\n  return a;\n}\n",
    "start();\n",
  ])("leaves %j alone", (source) => {
    expect(markPure(source)).toBe(source);
  });
});
