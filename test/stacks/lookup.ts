import { expect } from "vitest";
import type { FunctionName } from "../../stacks/functions.ts";
import type { Resource, Synthesis } from "./synth.ts";
import { at } from "./template.ts";

/** A developer's stage with origins, and production with next to nothing set; there once they are synthesized. */
export type Both = () => { readonly stage: Synthesis; readonly production: Synthesis };

/** The function of a name, and only it. */
export function lambdaOf(synthesis: Synthesis, name: FunctionName): Resource {
  const found = synthesis
    .of("AWS::Lambda::Function")
    .filter((one) => at(one, "Description") === `Arx: ${name}`);
  expect(found, name).toHaveLength(1);
  return found[0]!;
}
