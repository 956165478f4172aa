import type { Endpoint } from "../contract/index.ts";

/** Of each endpoint the few words that calling it needs: `METHOD /path`, then the statuses beyond 299 that are no errors of it. */
export function routesOf(endpoints: Readonly<Record<string, Endpoint>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(endpoints).map(([id, { method, path, status }]) => [
      id,
      [method, path, ...status.filter((one) => one >= 300)].join(" "),
    ]),
  );
}

/** The text of routes.ts, which keeps schemas out of the client's bundle. */
export function routesSource(endpoints: Readonly<Record<string, Endpoint>>): string {
  const rows = Object.entries(routesOf(endpoints)).map(([id, route]) => `  ${id}: "${route}",\n`);
  return `/* Made of the endpoint list by \`node client/generate.ts\`. */

/** How each endpoint is called: its method and path, then the statuses beyond 299 that are no errors of it. */
export const ROUTES = {
${rows.join("")}} as const;
`;
}
