import type { Bench, Figure } from "./bench.ts";

const NAMES = [
  "exactness",
  "knn",
  "cold-reads",
  "warm-reads",
  "route-cpu",
  "sweep",
  "herding",
  "bundle",
  "rollups",
  "writes",
  "cost",
  "broadcast",
] as const;

const HELP = `Measures Arx against its bars.

  npm run bench                  all benches, in their short form
  npm run bench -- NAME [NAME…]  some of them: ${NAMES.join(", ")}
  npm run bench -- --full        the long form, which proves the bars

Figures are ratios and counts, or times to be read beside each other on one machine.`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const full = args.includes("--full");
  const asked = args.filter((arg) => arg !== "--full");
  const unknown = asked.filter((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(", ")}. There are: ${NAMES.join(", ")}.`);
    return 2;
  }
  let missed = 0;
  for (const name of asked.length > 0 ? asked : NAMES) {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
    console.log(`\n${bench.name}: ${bench.what}`);
    const figures = await bench.run({ full, log: (line) => console.error(`  … ${line}`) });
    missed += print(figures);
  }
  console.log(
    missed === 0 ? "\nEvery bar holds." : `\n${missed} ${missed === 1 ? "bar is" : "bars are"} missed.`,
  );
  return missed === 0 ? 0 : 1;
}

/** Prints figures as a table. @returns how many miss their bar. */
function print(figures: readonly Figure[]): number {
  const width = Math.max(...figures.map((figure) => figure.name.length));
  let missed = 0;
  for (const { name, value, unit, bar } of figures) {
    const holds = bar ? meets(value, bar) : undefined;
    if (holds === false) missed++;
    const verdict = bar ? `  bar ${bar.op} ${bar.value}  ${holds ? "holds" : "MISSED"}` : "";
    console.log(`  ${name.padEnd(width)}  ${format(value).padStart(10)} ${unit}${verdict}`);
  }
  return missed;
}

function meets(value: number, { op, value: bar }: NonNullable<Figure["bar"]>): boolean {
  if (op === "<=") return value <= bar;
  return op === ">=" ? value >= bar : value === bar;
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

process.exitCode = await main(process.argv.slice(2));
