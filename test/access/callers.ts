import type { Caller, Who } from "../../contract/endpoint.ts";
import { SCOPE_NAMES, type Scope } from "../../core/keys/index.ts";
import { serviceKey } from "../world/index.ts";
import type { Stage } from "./stage.ts";

/** Somebody who calls. */
export interface Calling {
  readonly name: string;
  readonly kind: "nobody" | "stranger" | "user" | "admin" | "service" | "node" | "machine";
  readonly scopes: readonly Scope[];
  readonly credential: string | undefined;
  /** Whether what is asked for belongs to it: a node's own, a user's own. */
  readonly owns: boolean;
}

/**
 * Everybody who may come to something that lets `who` in: nobody; one with a credential that is no good; each kind of caller; services with
 * each scope that opens it alone, and one with all the others; where things have owners, the owner and another.
 */
export async function callersOf(stage: Stage, who: Who, of: "node" | "user" | undefined): Promise<Calling[]> {
  const needed = SCOPE_NAMES.filter((scope) => who.includes(`service:${scope}`));
  const others = SCOPE_NAMES.filter((scope) => !needed.includes(scope));
  const { user, other, admin, node, otherNode, machine, ended } = stage;
  const one = (
    name: string,
    kind: Calling["kind"],
    credential: string | undefined,
    owns = true,
    scopes: readonly Scope[] = [],
  ): Calling => ({ name, kind, credential, owns, scopes });
  const whole = [
    one("nobody", "nobody", undefined),
    one("a key that was deleted", "stranger", ended),
    one("a token that was forged", "stranger", forged(user.token)),
    one("a machine", "machine", machine),
    one("the node", "node", node.key),
    one("a service without the scope", "service", await keyOf(stage, others), true, others),
  ];
  for (const scope of needed) {
    whole.push(one(`a service with ${scope}`, "service", await keyOf(stage, [scope]), true, [scope]));
  }
  if (of === "node") whole.push(one("another node", "node", otherNode.key, false));
  whole.push(one("a user", "user", user.token), one("an admin", "admin", admin.token));
  if (of === "user") {
    whole.push(one("another user", "user", other.token, false));
    whole.push(one("another admin", "admin", admin.token, false));
  }
  return whole;
}

const keys = new WeakMap<Stage, Map<string, Promise<string>>>();

/** A service key of these scopes, made once a stage. */
function keyOf(stage: Stage, scopes: readonly Scope[]): Promise<string> {
  const made = keys.get(stage) ?? new Map<string, Promise<string>>();
  keys.set(stage, made);
  const name = scopes.join(" ");
  const key = made.get(name) ?? serviceKey(stage.world, scopes);
  made.set(name, key);
  return key;
}

/** The same claims in the role of an admin, under the old signature. */
function forged(token: string): string {
  const [head, claims, signature] = token.split(".") as [string, string, string];
  const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
  const raised = Buffer.from(JSON.stringify({ ...said, role: "admin" })).toString("base64url");
  return `${head}.${raised}.${signature}`;
}

/** Whether a declaration lets somebody in, read from the table "Who may call what" and not from the code that enforces it. */
export function mayCall({ kind, scopes }: Calling, who: Who): boolean {
  const opens: Readonly<Record<Exclude<Caller, `service:${Scope}`>, readonly Calling["kind"][]>> = {
    anyone: ["nobody", "user", "admin", "service", "node", "machine"],
    user: ["user", "admin"],
    admin: ["admin"],
    node: ["node"],
    machine: ["machine"],
  };
  return who.some((caller) =>
    caller.startsWith("service:")
      ? kind === "service" && scopes.some((scope) => caller === `service:${scope}`)
      : opens[caller as keyof typeof opens].includes(kind),
  );
}
