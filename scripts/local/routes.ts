import type { Domain, Endpoint } from "../../contract/index.ts";
import { DEFAULT_DOMAIN } from "../../stacks/functions.ts";

/** What of an endpoint makes its route. */
export type RouteSource = Pick<Endpoint, "method" | "path" | "domain">;

export interface Matched {
  /** `METHOD /path/{name}`, or `$default`. */
  readonly routeKey: string;
  readonly domain: Domain;
  readonly pathParameters?: Readonly<Record<string, string>>;
}

/**
 * API Gateway's choice of a route for a method and a decoded path: the literal one before the one with parameters, and `$default` for what
 * has none. A parameter takes one whole segment; a trailing slash is another path.
 */
export function routesOf(endpoints: Iterable<RouteSource>): (method: string, path: string) => Matched {
  const literal = new Map<string, Matched>();
  const templates = new Map<
    string,
    { segments: readonly string[]; endpoint: RouteSource; routeKey: string }[]
  >();
  for (const endpoint of endpoints) {
    const routeKey = `${endpoint.method} ${endpoint.path}`;
    if (!endpoint.path.includes("{")) {
      literal.set(routeKey, { routeKey, domain: endpoint.domain });
      continue;
    }
    const segments = endpoint.path.split("/");
    const shape = `${endpoint.method} ${segments.length}`;
    templates.set(shape, [...(templates.get(shape) ?? []), { segments, endpoint, routeKey }]);
  }
  for (const rivals of templates.values()) rivals.sort((a, b) => literals(b.segments) - literals(a.segments));

  return (method, path) => {
    const exact = literal.get(`${method} ${path}`);
    if (exact) return exact;
    const given = path.split("/");
    for (const { segments, endpoint, routeKey } of templates.get(`${method} ${given.length}`) ?? []) {
      const pathParameters = parametersOf(segments, given);
      if (pathParameters) return { routeKey, domain: endpoint.domain, pathParameters };
    }
    return { routeKey: "$default", domain: DEFAULT_DOMAIN };
  };
}

function literals(segments: readonly string[]): number {
  return segments.filter((segment) => !segment.startsWith("{")).length;
}

function parametersOf(
  segments: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const value = given[at]!;
    if (!segment.startsWith("{")) {
      if (segment !== value) return undefined;
    } else if (value === "") return undefined;
    else found[segment.slice(1, -1)] = value;
  }
  return found;
}
