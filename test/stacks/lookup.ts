import { expect } from "vitest";
import type { FunctionName } from "../../stacks/functions.ts";
import type { Resource, Synthesis } from "./synth.ts";
import { at, text } from "./template.ts";

/** A developer's stage with origins, and production with next to nothing set; there once they are synthesized. */
export type Both = () => { readonly stage: Synthesis; readonly production: Synthesis };

/** The function of a name, and only it. */
export function lambdaOf(synthesis: Synthesis, name: FunctionName): Resource {
  const found = synthesis
    .of("AWS::Lambda::Function")
    .filter((one) => at(one, "Description") === `Arx: ${name}`);
  expect(found, name).toHaveLength(1);
  return found[0]!;
}

/** The HTTP API or the WebSocket API, and its resources of a type. */
export function apiOf(synthesis: Synthesis, protocol: "HTTP" | "WEBSOCKET") {
  const found = synthesis.of("AWS::ApiGatewayV2::Api").filter((one) => at(one, "ProtocolType") === protocol);
  expect(found, protocol).toHaveLength(1);
  const api = found[0]!;
  const of = (type: string) =>
    synthesis.of(`AWS::ApiGatewayV2::${type}`).filter((one) => text(at(one, "ApiId")) === `{${api.id}}`);
  return { api, of };
}

/** What each route of an API calls: `$connect → {Realtime….Arn}`. */
export function routesOf(synthesis: Synthesis, protocol: "HTTP" | "WEBSOCKET"): string[] {
  return apiOf(synthesis, protocol)
    .of("Route")
    .map((route) => {
      const target = text(at(route, "Target")).replace(/^integrations\/\{(.*)\}$/, "$1");
      const integration = synthesis.resources.find(({ id }) => id === target);
      const uri = integration && text(at(integration, "IntegrationUri"));
      return `${text(at(route, "RouteKey"))} → ${uri ?? "nothing"}`;
    });
}
