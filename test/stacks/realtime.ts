import { describe, expect, it } from "vitest";
import { type FunctionName, HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { apiOf, type Both, lambdaOf, routesOf } from "./lookup.ts";
import type { Resource, Synthesis } from "./synth.ts";
import { at, text } from "./template.ts";

/** The WebSocket API, and what is told of it. */
export function realtime(both: Both): void {
  describe("the WebSocket API", () => {
    it("has routes for connects, disconnects and all messages, of one function, which it may call by each", () => {
      const target = lambdaOf(both().stage, "realtime").id;
      const routes = ["$connect", "$disconnect", "$default"];
      const integrations = routesOf(both().stage, "WEBSOCKET");
      expect(integrations.map((one) => one.replace(/ → .*/, "")).sort()).toEqual(routes.toSorted());
      for (const one of integrations) expect(one).toMatch(`{${target}.Arn}/invocations`);
      const permissions = both()
        .stage.of("AWS::Lambda::Permission")
        .filter((one) => text(at(one, "FunctionName")) === `{${target}.Arn}`)
        .map((one) => text(at(one, "SourceArn")).replace(/^.*\}\//, ""));
      expect(permissions.sort()).toEqual(routes.map((route) => `*${route}`).sort());
    });

    it("logs every access without ticket, key or text, and traces none", () => {
      for (const synthesis of [both().stage, both().production]) {
        const stage = stageOf(synthesis);
        const format = JSON.parse(text(at(stage, "AccessLogSettings", "Format"))) as Record<string, string>;
        expect(Object.values(format)).toEqual(
          expect.arrayContaining(["$context.requestId", "$context.status", "$context.connectionId"]),
        );
        expect(JSON.stringify(format)).not.toMatch(/query|ticket|authoriz|header|body|path|url/i);
        expect(text(at(stage, "AccessLogSettings", "DestinationArn"))).toMatch(/SocketAccessLogs/);
        const all = [at(stage, "DefaultRouteSettings"), at(stage, "RouteSettings", "$connect")];
        for (const settings of all)
          expect(settings).toMatchObject({
            LoggingLevel: "OFF",
            DataTraceEnabled: false,
            DetailedMetricsEnabled: false,
          });
      }
    });

    it("is throttled, connects within what an account may open", () => {
      const stage = stageOf(both().stage);
      expect(at(stage, "DefaultRouteSettings", "ThrottlingRateLimit")).toBeGreaterThan(0);
      expect(at(stage, "DefaultRouteSettings", "ThrottlingBurstLimit")).toBeGreaterThan(0);
      expect(at(stage, "RouteSettings", "$connect", "ThrottlingRateLimit")).toBeLessThan(500);
    });

    it("may write its logs before its stage is made, and so may others after it is gone", () => {
      const [account] = both().stage.of("AWS::ApiGateway::Account");
      const [role] = both()
        .stage.of("AWS::IAM::Role")
        .filter(({ id }) => text(at(account!, "CloudWatchRoleArn")) === `{${id}.Arn}`);
      expect([account!.DeletionPolicy, role!.DeletionPolicy]).toEqual(["Retain", "Retain"]);
      expect(stageOf(both().stage).DependsOn).toContain(account!.id);
    });

    it("is watched for what it could not call, what was refused, and whom it turned away", () => {
      const { api } = apiOf(both().stage, "WEBSOCKET");
      const alarms = both()
        .stage.of("AWS::CloudWatch::Alarm")
        .filter((one) => at(one, "Namespace") === "AWS/ApiGateway");
      expect(alarms.map((one) => text(at(one, "MetricName"))).sort()).toEqual([
        "ClientError",
        "ExecutionError",
        "IntegrationError",
      ]);
      for (const one of alarms) {
        const dimensions = at(one, "Dimensions") as { Name: string; Value: never }[];
        expect(dimensions.map(({ Name, Value }) => `${Name} ${text(Value)}`)).toEqual([
          `ApiId {${api.id}}`,
          "Stage ws",
        ]);
        expect(at(one, "Statistic")).toBe("Sum");
      }
    });

    it("is known to those who push to sockets, and its address to who hands out tickets", () => {
      const { api } = apiOf(both().stage, "WEBSOCKET");
      const address = `[^ ]*${api.id}[^ ]*\\.execute-api\\.us-east-1\\.\\{AWS::URLSuffix\\}/ws`;
      expect(told("realtime").ARX_REALTIME_ENDPOINT).toMatch(new RegExp(`^https://${address}$`));
      expect(told("broadcast").ARX_REALTIME_ENDPOINT).toMatch(new RegExp(`^https://${address}$`));
      const url = new RegExp(`^wss://${address}\\?channel=admin$`);
      expect(told(HTTP_FUNCTIONS.realtime).ARX_REALTIME_URL).toMatch(url);
      expect(text(both().stage.outputs.RealtimeUrl as never)).toMatch(url);
      expect(told(HTTP_FUNCTIONS.realtime, both().production).ARX_REALTIME_URL).toBe(OWN_URL);
    });

    function told(name: FunctionName, synthesis = both().stage): Record<string, string> {
      const variables = at(lambdaOf(synthesis, name), "Environment", "Variables") as Record<string, never>;
      return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, text(value)]));
    }

    function stageOf(synthesis: Synthesis): Resource {
      const stages = apiOf(synthesis, "WEBSOCKET").of("Stage");
      expect(stages).toHaveLength(1);
      return stages[0]!;
    }
  });
}

/** A domain of the deployer's for sockets, as production is given one. */
export const OWN_URL = "wss://events.example.com?channel=admin";
