import { parseArgs } from "node:util";
import { Cells } from "../core/cells/index.ts";
import { Nodes } from "../core/nodes/index.ts";
import { operate, PLACE } from "./operator.ts";

const HELP = `Brings the cells (the routable index) in line with the nodes. It changes only what is out of line, and may run at any time.

  npm run rebuild-cells                      the data of the local run in .arx/, while that is stopped
  npm run rebuild-cells -- --data DIR        the same in DIR
  npm run rebuild-cells -- --stage STAGE     a deployed stage, with your AWS credentials and AWS_REGION
  DYNAMODB_ENDPOINT=… npm run rebuild-cells  any other DynamoDB

  --from-scratch   delete all cells first, for when they can't be read; until it is done nothing is routed to
  --help           show this`;

await operate("rebuild-cells", async (open) => {
  const { values } = parseArgs({
    options: {
      ...PLACE,
      "from-scratch": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const ctx = await open({ data: values.data, stage: values.stage });
  if (values["from-scratch"]) console.log(`Deleted ${await Cells.clear(ctx)} items of cells.`);
  const { nodes, placed, removed } = await Cells.rebuild(ctx, Nodes.truth(ctx), (so) => {
    process.stderr.write(`\r${so.nodes} nodes, ${so.placed} placed, ${so.removed} removed`);
  });
  process.stderr.write("\n");
  console.log(
    `The cells are in line: ${nodes} watched nodes, ${placed} of them placed anew, ${removed} others removed.`,
  );
});
