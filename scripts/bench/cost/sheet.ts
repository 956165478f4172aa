import { FUNCTIONS, type FunctionName } from "../../../stacks/functions.ts";
import type { Figure } from "../bench.ts";
import { gbSecondsOf, type Usage } from "./accounts.ts";
import { PRICE, type Priced, UNIT } from "./prices.ts";
import { sumOf } from "./units.ts";

/** A line of the sheet: so many units of what is asked about, at a price. */
export interface Line {
  readonly item: string;
  readonly units: number;
  readonly of: Priced;
}

export function dollarsOf({ units, of }: Line): number {
  return (units * PRICE[of]) / 1e6;
}

export function sumOfLines(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + dollarsOf(line), 0);
}

/** What a function used, times `scale`, as lines: a line for each thing that is paid. */
export function linesOf(name: FunctionName, item: string, usage: Usage, scale: number): Line[] {
  const line = (what: string, units: number, of: Priced): Line => ({
    item: `${item} (${what})`,
    units: units * scale,
    of,
  });
  const memory = `${name} of ${FUNCTIONS[name].memoryMb} MB`;
  return [
    line(name, usage.calls, "lambdaRequest"),
    line(memory, gbSecondsOf(name, usage.billedMs), "gbSecond"),
    line("reads", sumOf(usage.read), "readUnit"),
    ...[...usage.written].map(([table, units]) => line(`to ${table}`, units, "writeUnit")),
  ].filter(({ units }) => units !== 0);
}

/** The sheet's lines as figures: how many units, at which price, come to what. */
export function figuresOf(lines: readonly Line[], heading: string, unit: string): Figure[] {
  return lines.map((line) => ({
    name: `${heading}: ${line.item}: ${shown(line.units)} ${UNIT[line.of]} at $${PRICE[line.of]}/M`,
    value: dollarsOf(line),
    unit,
  }));
}

/** Three significant digits; whole where there are more. */
function shown(units: number): string {
  return Math.abs(units) >= 100 ? Math.round(units).toLocaleString("en-US") : units.toPrecision(3);
}
