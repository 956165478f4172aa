import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { Users } from "../core/users/index.ts";
import { CannotStart } from "./local/cannot-start.ts";
import { operate, PLACE } from "./operator.ts";

const HELP = `Makes an admin: the first one of a stage, or one more. Nobody becomes one over HTTP.

  npm run create-admin -- --email ada@example.com --stage STAGE   a deployed stage, with your AWS credentials and AWS_REGION
  npm run create-admin -- --email ada@example.com                 the data of the local run in .arx/, while that is stopped
  npm run create-admin -- --email ada@example.com --data DIR      the same in DIR
  DYNAMODB_ENDPOINT=… npm run create-admin -- --email …           any other DynamoDB

  --name NAME   the full name
  --reset       whoever has this email becomes an admin with this password, and all its sessions end
  --help        show this

The password is ARX_ADMIN_PASSWORD of the environment, 8 to 128 characters; made up and printed when that is unset.
Run it again with the same email and password, and nothing changes.`;

const SAID = {
  created: "is an admin now",
  present: "is an admin already, with this password",
  reset: "is an admin, with this password",
};

await operate("create-admin", async (open) => {
  const { values } = parseArgs({
    options: {
      ...PLACE,
      email: { type: "string" },
      name: { type: "string" },
      reset: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.email === undefined) throw new CannotStart("--email is needed. See --help.", 2);
  const given = process.env.ARX_ADMIN_PASSWORD || undefined;
  const password = given ?? randomBytes(18).toString("base64url");
  const ctx = await open({ data: values.data, stage: values.stage });
  const { email, name: full_name, reset } = values;
  const { user, outcome } = await Users.createAdmin(ctx, { email, full_name, password, reset });
  console.log(`${user.email} ${SAID[outcome]}.`);
  if (given === undefined) console.log(`Its password: ${password}`);
});
