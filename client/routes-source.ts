import type { Endpoint } from "../contract/index.ts";

/** The text of routes.ts: of each endpoint the few words that calling it needs, so that no schema is in the client's bundle. */
export function routesSource(endpoints: Readonly<Record<string, Endpoint>>): string {
  const rows = Object.entries(endpoints).map(([id, { method, path }]) => `  ${id}: "${method} ${path}",\n`);
  return `/* Made of the endpoint list by \`node client/generate.ts\`. */

/** How each endpoint is called. */
export const ROUTES = {
${rows.join("")}} as const;
`;
}
