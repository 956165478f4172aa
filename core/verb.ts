import * as z from "zod/mini";
import type { Ctx } from "./ctx.ts";
import { Invalid, type Issue } from "./errors.ts";

/** A verb of a domain: what it takes is `schema`, and whoever calls it with something else gets `Invalid`. */
export interface Verb<S extends z.core.$ZodType, R> {
  (ctx: Ctx, input: z.input<S>): Promise<R>;
  readonly schema: S;
}

/** The issues of a zod error with dotted paths, as problem documents list them. */
export function issuesOf(error: z.core.$ZodError): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, []));
}

// A union reports all its branches; the one that got furthest (fewest issues) tells the caller most.
function flatten(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Issue[] {
  const path = [...base, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const closest = issue.errors.reduce((best, next) => (next.length < best.length ? next : best));
    if (closest.length > 0 && issue.errors.length > 1 && closest.every((inner) => inner.path.length > 0)) {
      return closest.flatMap((inner) => flatten(inner, path));
    }
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key].join("."), message: "Unknown field" }));
  }
  return [{ path: path.join("."), message: issue.message }];
}

/** Parses `input`, or throws `Invalid` with one issue per offending field. */
export function parseOrThrow<S extends z.core.$ZodType>(
  schema: S,
  input: unknown,
  what: string,
): z.output<S> {
  const parsed = z.safeParse(schema, input);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new Invalid(`${what} is not valid: ${sentence(issues)}`, issues);
}

function sentence(issues: readonly Issue[]): string {
  const first = issues[0];
  if (!first) return "see the errors.";
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${first.path || "it"}: ${first.message}${more}.`;
}

/** Makes a verb of a function over parsed input. */
export function verb<S extends z.core.$ZodType, R>(
  schema: S,
  run: (ctx: Ctx, input: z.output<S>) => Promise<R>,
): Verb<S, R> {
  const call = async (ctx: Ctx, input: z.input<S>) => run(ctx, parseOrThrow(schema, input, "The request"));
  return Object.assign(call, { schema });
}
