import { parseArgs } from "node:util";
import { Tokens } from "../core/tokens/index.ts";
import { operate, PLACE } from "./operator.ts";

const HELP = `Replaces the key that access tokens are signed with. The new one is published at once and signs ten minutes later; tokens of the one
before it stay good until the last of them is over. Nobody has to log in again.

  npm run rotate-keys -- --stage STAGE     a deployed stage, with your AWS credentials and AWS_REGION
  npm run rotate-keys                      the data of the local run in .arx/, while that is stopped
  npm run rotate-keys -- --data DIR        the same in DIR
  DYNAMODB_ENDPOINT=… npm run rotate-keys  any other DynamoDB

  --compromised   the new key signs at once, and all older ones are dropped: within a minute every access token of theirs is
                  refused, and clients come by new ones with their refresh tokens
  --help          show this

A stage's key is sealed under alias/arx-STAGE-sealing in KMS, or what ARX_SEALING_KEY names.`;

await operate("rotate-keys", async (open) => {
  const { values } = parseArgs({
    options: {
      ...PLACE,
      compromised: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const ctx = await open({ data: values.data, stage: values.stage });
  const { kid, signs_from, before } = await Tokens.rotate(ctx, { compromised: values.compromised });
  console.log(`The key ${kid} signs from ${signs_from} on.`);
  if (before) console.log(`Tokens of the key ${before.kid} are good until ${before.verifies_until}.`);
});
