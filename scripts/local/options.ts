import { parseArgs } from "node:util";
import { CannotStart } from "./cannot-start.ts";

export interface LocalOptions {
  readonly help: boolean;
  readonly demo: boolean;
  readonly memory: boolean;
  readonly verbose: boolean;
  /** Where data is kept; nothing is written with `memory`. */
  readonly data: string;
  /** Overrides SERVER_PORT. */
  readonly port: string | undefined;
}

export const HELP = `Runs one Arx on this machine.

  npm run local -- [options]     Arx alone
  npm start -- [options]         Arx with a demo fleet of 24 edge nodes

  --port PORT    listen on PORT (SERVER_PORT, else 8080; 0 takes a free one)
  --data DIR     keep data in DIR (default .arx/)
  --memory       keep nothing: all data is gone at the end
  --demo         start the demo fleet, swept every 5 s unless HEALTH_CHECK_INTERVAL is set
  --verbose      show every request
  --help         show this

The environment is that of the deployed functions, among it:
  DYNAMODB_ENDPOINT       use this DynamoDB instead of starting DynamoDB Local (which needs Java 17 or newer)
  ARX_ADMIN_EMAIL         the admin to log in as (admin@localhost)
  ARX_ADMIN_PASSWORD      its password; made up and printed when unset
  HEALTH_CHECK_INTERVAL   seconds between two checks of a node (30)
  ARX_CORS_ORIGINS        origins that a browser may call from

Arx is ready when GET /api/v1/health answers 200. Ctrl-C stops it.`;

/** @throws CannotStart with exit code 2 for an option that there is not. */
export function readOptions(args: readonly string[]): LocalOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        demo: { type: "boolean", default: false },
        memory: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        data: { type: "string" },
        port: { type: "string" },
      },
    });
    if (values.memory && values.data !== undefined) throw new Error("--memory and --data exclude each other");
    if (values.data === "") throw new Error("--data needs a directory");
    if (values.port !== undefined && !isPort(values.port)) {
      throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}"`);
    }
    return { ...values, data: values.data ?? ".arx", port: values.port };
  } catch (error) {
    const said = (error as Error).message.split(/\.\s/)[0]!.replace(/\.$/, "");
    throw new CannotStart(`${said}. See --help.`, 2);
  }
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
