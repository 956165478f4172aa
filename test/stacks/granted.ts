import type { World } from "../../core/ctx.ts";
import type { Sealer } from "../../core/sealing/index.ts";
import { openStore } from "../../core/store/index.ts";
import type { FunctionName } from "../../stacks/functions.ts";
import { GRANTS, type SealedUnder } from "../../stacks/grants.ts";

/** A function's world, which keeps account of what IAM would have to let it do. */
export interface WatchedWorld extends World {
  /** Each call that was made, as grants name it: `nodes/newest Query`, `kms Decrypt`. */
  readonly called: ReadonlySet<string>;
  /** Those of them that the function has no grant for. */
  readonly refused: ReadonlySet<string>;
  readonly close: () => void;
}

/** The same tables, with nothing in memory, as the deployed function of a name comes to them. */
export function watchedWorld(world: World, name: FunctionName): WatchedWorld {
  const called = new Set<string>();
  const refused = new Set<string>();
  const store = openStore(world.config);
  const note = (target: string, action: string): void => {
    called.add(`${target} ${action}`);
    const granted: readonly string[] | undefined = GRANTS[name].tables[target];
    if (!granted?.includes(action)) refused.add(`${target} ${action}`);
  };
  store.client.middlewareStack.add(
    (next, context) => (args) => {
      const prefix = `${world.config.ARX_TABLE_PREFIX}-`;
      const command = String(context.commandName).replace(/Command$/, "");
      for (const [table, action] of callsOf(command, args.input as unknown as Input))
        note(table.replace(prefix, ""), action);
      return next(args);
    },
    { step: "initialize", name: "watched" },
  );
  const key = (call: "GenerateDataKey" | "Decrypt", context: Readonly<Record<string, string>>) => {
    called.add(`kms ${call}`);
    if (!mayUseKey(name, call, context)) refused.add(`kms ${call} under ${JSON.stringify(context)}`);
  };
  const sealer: Sealer = {
    seal(plaintext, context) {
      key("GenerateDataKey", context);
      return world.sealer.seal(plaintext, context);
    },
    open(sealed, context) {
      key("Decrypt", context);
      return world.sealer.open(sealed, context);
    },
  };
  return { ...world, memory: new Map(), store, sealer, called, refused, close: () => store.close() };
}

/** Whether IAM would let a function use the key so: of its contexts one has these names, no other, and these values. */
export function mayUseKey(
  name: FunctionName,
  call: string,
  context: Readonly<Record<string, string>>,
): boolean {
  const { seals = [], opens = [] } = GRANTS[name];
  const names = (one: object) => Object.keys(one).sort().join();
  const fits = (under: SealedUnder) =>
    names(under) === names(context) &&
    Object.entries(under).every(([word, value]) => value === "*" || context[word] === value);
  return (call === "GenerateDataKey" ? seals : opens).some(fits);
}

interface Input {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName: string }>>[];
}

/** The tables that a command is of, each with the permission that it takes. */
function callsOf(
  command: string,
  { TableName, IndexName, RequestItems, TransactItems }: Input,
): [string, string][] {
  if (TransactItems) {
    return TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, one]): [string, string] => [
        one.TableName,
        kind === "ConditionCheck" ? "ConditionCheckItem" : `${kind}Item`,
      ]),
    );
  }
  if (RequestItems) return Object.keys(RequestItems).map((table) => [table, command]);
  return [[IndexName ? `${TableName}/${IndexName}` : TableName!, command]];
}
