import type { LocalArx } from "./local.ts";

/** What to look at and to paste, once it is ready. */
export function guide(arx: LocalArx, fleet?: { readonly control: string; readonly example: string }): string {
  const { origin, identities } = arx;
  const { email, password, isMadeUp, key } = identities;
  const bearer = `-H "Authorization: Bearer ${key}"`;
  const json = '-H "Content-Type: application/json"';
  const node = fleet?.example ?? "my-node";
  const lines = [
    "",
    `Arx is ready on ${origin}`,
    `  API page    ${origin}/docs`,
    `  OpenAPI     ${origin}/api/v1/openapi.json`,
    `  Admin       ${email}, password ${isMadeUp ? password : "as in ARX_ADMIN_PASSWORD"}`,
    `  Key         ${key}`,
    "",
    ...paste(
      "Log in as the admin, for what no key may do",
      `curl ${json} ${origin}/api/v1/auth/login -d '{"email":"${email}","password":"${isMadeUp ? password : "…"}"}'`,
    ),
    ...paste("List the nodes", `curl ${bearer} ${origin}/admin/api/v1/nodes`),
    ...(fleet
      ? []
      : paste(
          "Add a node of yours (it answers GET /health)",
          `curl ${bearer} ${json} ${origin}/admin/api/v1/nodes/register -d '{"id":"my-node","name":"My node","endpoint":"http://localhost:9000",` +
            `"location":{"lat":47.38,"lng":8.54},"auto_start":true}'`,
        )),
    ...paste(
      "Route a client in Zurich",
      `curl ${json} ${origin}/api/v1/route -d '{"request_id":"r-1","coordinates":{"lat":47.38,"lng":8.54}}'`,
    ),
    ...paste(
      "Forward a payload to the best node",
      `curl ${bearer} ${json} ${origin}/api/v1/route -d '{"request_id":"r-2","coordinates":{"lat":47.38,"lng":8.54},"payload":{"hello":"edge"}}'`,
    ),
    ...paste("Watch what happens, live", `npm run watch -- --url ${origin} --key ${key}`),
    ...(fleet
      ? paste("Kill a node, and see it leave the pool", `curl -X POST ${fleet.control}/kill/${node}`)
      : []),
    ...paste("Look at a node's status", `curl ${bearer} ${origin}/admin/api/v1/nodes/${node}/status`),
    ...(fleet ? paste("Bring it back", `curl -X POST ${fleet.control}/revive/${node}`) : []),
    "Ctrl-C stops it.",
    "",
  ];
  return lines.join("\n");
}

function paste(what: string, command: string): string[] {
  return [`${what}:`, `  ${command}`, ""];
}
