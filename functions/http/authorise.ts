import type { Caller, Endpoint, Who } from "../../contract/endpoint.ts";
import type { Actor } from "../../core/ctx.ts";
import { Forbidden, Unauthenticated } from "../../core/errors.ts";

type Rules = Pick<Endpoint, "who" | "ownNode" | "stricter">;

/**
 * Lets an actor through to an endpoint, or not: the one place that decides it, by what the endpoint declares.
 *
 * @throws Unauthenticated where a credential may help, Forbidden where this one does not
 */
export function authorise(actor: Actor, { who }: Pick<Rules, "who">): void {
  if (who.some((caller) => isOne(actor, caller))) return;
  throw refusal(actor, who);
}

/**
 * What depends on what is asked for: a node acts for itself alone, and some inputs need more than others.
 *
 * @throws as `authorise` does
 */
export function authoriseInput(
  actor: Actor,
  { ownNode, stricter }: Rules,
  input: Readonly<Record<string, unknown>>,
): void {
  if (actor.kind === "node" && ownNode !== undefined && input[ownNode] !== actor.id) {
    throw new Forbidden("A node's key acts for that node alone.");
  }
  if (stricter?.when(input)) authorise(actor, stricter);
}

function isOne(actor: Actor, caller: Caller): boolean {
  if (caller === "anyone") return true;
  if (caller === "user") return actor.kind === "user" || actor.kind === "admin";
  if (actor.kind === "service") return actor.scopes.some((scope) => caller === `service:${scope}`);
  return actor.kind === caller;
}

function refusal(actor: Actor, who: Who): Unauthenticated | Forbidden {
  if (actor.kind === "anyone") return new Unauthenticated(`This needs ${wordsOf(who)}.`);
  return new Forbidden(`Your credential does not allow this; it needs ${wordsOf(who)}.`);
}

const WORDS: Readonly<Partial<Record<Caller, string>>> = {
  user: "a user who is logged in",
  admin: "an admin",
  node: "the node's own key",
  machine: "a join token",
};

function wordsOf(who: Who): string {
  return who
    .map((caller) => WORDS[caller] ?? `a key with the scope ${caller.slice("service:".length)}`)
    .join(" or ");
}
