import { beforeAll, describe, expect, it } from "vitest";
import { CORS } from "../../contract/cors.ts";
import { ENDPOINTS } from "../../contract/index.ts";
import { FUNCTIONS, type FunctionName, HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { GRANTS } from "../../stacks/grants.ts";
import { logicalName } from "../../stacks/naming.ts";
import { apiOf, type Both, lambdaOf, routesOf } from "./lookup.ts";
import { permissions } from "./permissions.ts";
import { OWN_URL, realtime } from "./realtime.ts";
import { type Synthesis, synthesize } from "./synth.ts";
import { tables } from "./tables.ts";
import { at, statements, text } from "./template.ts";
import { triggers } from "./triggers.ts";

const ORIGINS = ["https://app.example.com", "http://localhost:5173"];
const MOST_RESOURCES = 400;
const NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** With origins, as a developer's stage; and with next to nothing set, as production. */
let stage: Synthesis;
let production: Synthesis;

beforeAll(async () => {
  const set = { ARX_CORS_ORIGINS: ORIGINS.join(","), K_NEAREST: "5", ARX_ALARM_EMAIL: "ops@example.com" };
  [stage, production] = await Promise.all([
    synthesize(set),
    synthesize({ ARX_TRACING: "disabled", ARX_REALTIME_URL: OWN_URL }, "prod"),
  ]);
}, 400_000);

const both: Both = () => ({ stage, production });

describe("the whole", () => {
  it("stays far from CloudFormation's 500 resources a stack", () => {
    const counts = production.stacks.map((name) => {
      return [name, production.resources.filter((one) => one.stack === name).length] as const;
    });
    console.log(`resources: ${counts.map(([name, count]) => `${name} ${count}`).join(", ")}`);
    for (const [name, count] of counts) expect(count, name).toBeLessThan(MOST_RESOURCES);
  });

  it("has no finding of cdk-nag (AwsSolutions) without a written reason", () => {
    const all = [...stage.findings, ...production.findings];
    expect(all.filter((one) => one.compliance === "Compliant").length).toBeGreaterThan(50);
    expect(all.filter((one) => !["Compliant", "Suppressed"].includes(one.compliance))).toEqual([]);
    const excepted = all.filter((one) => one.compliance === "Suppressed");
    for (const one of excepted)
      expect(one.reason.replace(/^\[.*?\] /, "").length, one.resource).toBeGreaterThan(20);
    console.log(`cdk-nag: ${all.length} checks met, ${excepted.length} of them by a reasoned exception`);
  });

  it("tells the addresses", () => {
    for (const name of [
      "ApiUrl",
      "RebuildCellsFunction",
      "AlarmTopicArn",
      "HealthQueueUrl",
      "HealthDeadLetterQueueUrl",
      "RealtimeUrl",
      "FailedBroadcastBucket",
      "FailedBroadcastQueueUrl",
      "SealingKeyArn",
    ]) {
      expect(stage.outputs[name], name).toBeDefined();
    }
  });

  it("refuses to be deployed with loopback open to nodes", async () => {
    await expect(synthesize({ ARX_ALLOW_LOOPBACK: "true" })).rejects.toThrow(
      /ARX_ALLOW_LOOPBACK is for the local run/,
    );
  }, 120_000);
});

describe("functions", () => {
  it("are those of the list, on arm64 and Node 24", () => {
    const all = [...stage.of("AWS::Lambda::Function"), ...production.of("AWS::Lambda::Function")];
    expect(all).toHaveLength(2 * NAMES.length);
    for (const name of NAMES) {
      const one = lambdaOf(stage, name);
      expect(at(one, "Architectures")).toEqual(["arm64"]);
      expect(at(one, "Runtime")).toBe("nodejs24.x");
      expect(at(one, "Handler")).toBe(FUNCTIONS[name].entry.replace(/\.ts$/, ".handler"));
      expect(at(one, "Timeout")).toBe(FUNCTIONS[name].timeoutS);
    }
  });

  it("are deployed with all their chunks, beside the file that their handler names", () => {
    for (const name of NAMES) {
      const one = lambdaOf(stage, name);
      const { files, imported } = stage.artefacts.get(one.id)!;
      expect(files).toContain(text(at(one, "Handler")).replace(/\.handler$/, ".mjs"));
      expect(imported.length, name).toBeGreaterThan(0);
      expect(files, name).toEqual(expect.arrayContaining([...imported]));
      const module = (word: string) => files.filter((file) => file.includes(`/${word}-`)).length;
      if (FUNCTIONS[name].kind === "http") expect(module("identify"), name).toBe(1);
      expect(module("sealing"), name).toBe((GRANTS[name].seals ?? GRANTS[name].opens) ? 1 : 0);
    }
  });

  it("serve each domain of the contract, within API Gateway's 30 s", () => {
    const domains = new Set(Object.values(ENDPOINTS).map((endpoint) => endpoint.domain));
    expect(new Set(Object.keys(HTTP_FUNCTIONS))).toEqual(domains);
    for (const [domain, name] of Object.entries(HTTP_FUNCTIONS)) {
      expect(FUNCTIONS[name]).toMatchObject({ kind: "http", domain });
      expect(FUNCTIONS[name].timeoutS).toBeLessThan(30);
    }
  });

  it("keep their logs for a month", () => {
    for (const synthesis of [stage, production]) {
      const groups = synthesis.of("AWS::Logs::LogGroup");
      // And one for the accesses of each of the two APIs.
      expect(groups).toHaveLength(NAMES.length + 2);
      for (const group of groups) expect(at(group, "RetentionInDays"), group.id).toBe(30);
      const used = synthesis
        .of("AWS::Lambda::Function")
        .map((one) => text(at(one, "LoggingConfig", "LogGroup")));
      expect(new Set(used).size).toBe(NAMES.length);
      for (const group of used) expect(groups.map(({ id }) => `{${id}}`)).toContain(group);
    }
  });

  it("know their tables, their stage, what was set, and no secret", () => {
    for (const name of NAMES) {
      const environment = at(lambdaOf(stage, name), "Environment", "Variables") as Record<string, unknown>;
      expect(environment).toMatchObject({ ARX_TABLE_PREFIX: "arx-test", ARX_STAGE: "test", K_NEAREST: "5" });
      expect(environment).not.toHaveProperty("ARX_ADMIN_PASSWORD");
      expect(environment).not.toHaveProperty("ARX_ALLOW_LOOPBACK");
      expect(Object.keys(environment).filter((one) => one.startsWith("SST_Secret"))).toEqual([]);
    }
  });

  it("are traced unless told otherwise", () => {
    for (const name of NAMES) {
      expect(at(lambdaOf(stage, name), "TracingConfig", "Mode")).toBe("Active");
      expect(at(lambdaOf(production, name), "TracingConfig", "Mode")).not.toBe("Active");
    }
    expect(
      statements(production)
        .flatMap(({ actions }) => actions)
        .filter((one) => one.startsWith("xray")),
    ).toEqual([]);
  });

  it("are each watched for errors and throttles", () => {
    const watched = stage
      .of("AWS::CloudWatch::Alarm")
      .map((one) => `${text(at(one, "MetricName"))} ${text(at(one, "Dimensions", 0, "Value"))}`);
    for (const name of NAMES) {
      const ref = `{${lambdaOf(stage, name).id}}`;
      expect(watched).toContain(`Errors ${ref}`);
      expect(watched).toContain(`Throttles ${ref}`);
    }
  });
});

describe("the HTTP API", () => {
  it("has a route for every endpoint, one for everything else, and no other", () => {
    const wanted = Object.values(ENDPOINTS).map(
      ({ method, path, domain }) => `${method} ${path} → {${lambdaOf(stage, HTTP_FUNCTIONS[domain]).id}.Arn}`,
    );
    wanted.push(`$default → {${lambdaOf(stage, "service").id}.Arn}`);
    expect(routesOf(stage, "HTTP").sort()).toEqual(wanted.sort());
  });

  it("may call each of its functions, the default one from where no method and no path is", () => {
    const permissions = stage
      .of("AWS::Lambda::Permission")
      .filter((one) => at(one, "Principal") === "apigateway.amazonaws.com")
      .map((one) => `${text(at(one, "FunctionName"))} ${text(at(one, "SourceArn")).replace(/^.*\}\//, "")}`);
    for (const name of Object.values(HTTP_FUNCTIONS)) {
      expect(permissions).toContain(`{${lambdaOf(stage, name).id}.Arn} */*/*`);
    }
    expect(permissions).toContain(`{${lambdaOf(stage, "service").id}.Arn} */$default`);
  });

  it("answers the configured origins, to the letter, and what browsers must read", () => {
    const { api } = apiOf(stage, "HTTP");
    expect(at(api, "CorsConfiguration")).toEqual({
      AllowOrigins: ORIGINS,
      AllowMethods: CORS.methods,
      AllowHeaders: CORS.requestHeaders,
      ExposeHeaders: CORS.exposedHeaders,
      MaxAge: CORS.maxAgeS,
    });
    expect(CORS.exposedHeaders).toEqual(
      expect.arrayContaining(["ETag", "Link", "X-Request-Id", "Location", "Retry-After"]),
    );
  });

  it("answers no origin when none is configured", () => {
    const { api } = apiOf(production, "HTTP");
    expect(at(api, "CorsConfiguration")).toBeUndefined();
  });

  it("is throttled, more where anyone may write or a password is hashed, and logs every request without its credentials", () => {
    const { of } = apiOf(stage, "HTTP");
    const [made] = of("Stage");
    const whole = at(made!, "DefaultRouteSettings", "ThrottlingRateLimit") as number;
    expect(whole).toBeGreaterThan(0);
    expect(at(made!, "DefaultRouteSettings", "ThrottlingBurstLimit")).toBeGreaterThan(0);
    const routes = at(made!, "RouteSettings") as Record<string, { ThrottlingRateLimit: number }>;
    const open = Object.values(ENDPOINTS).filter(
      ({ method, who, domain }) => method === "POST" && who.includes("anyone") && domain !== "routing",
    );
    expect(open.length).toBeGreaterThan(3);
    for (const { method, path } of [...open, ENDPOINTS.updateProfile, ENDPOINTS.createTicket])
      expect(routes[`${method} ${path}`]?.ThrottlingRateLimit, path).toBeLessThan(whole);
    const known = of("Route").map((route) => at(route, "RouteKey"));
    for (const route of Object.keys(routes)) expect(known).toContain(route);
    const format = JSON.parse(text(at(made!, "AccessLogSettings", "Format"))) as Record<string, string>;
    expect(Object.values(format)).toEqual(
      expect.arrayContaining(["$context.requestId", "$context.status", "$context.routeKey"]),
    );
    expect(JSON.stringify(format)).not.toMatch(/authoriz|header|body/i);
    expect(text(at(made!, "AccessLogSettings", "DestinationArn"))).toMatch(/AccessLogs/);
  });
});

describe("alarms", () => {
  it("all tell one topic, which is encrypted, and mail it on when asked", () => {
    const [topic] = stage.of("AWS::SNS::Topic");
    expect(at(topic!, "KmsMasterKeyId")).toBeDefined();
    for (const alarm of stage.of("AWS::CloudWatch::Alarm")) {
      expect(text(at(alarm, "AlarmActions")), alarm.id).toMatch(/AlarmTopic/);
      expect(text(at(alarm, "AlarmDescription")).length, alarm.id).toBeGreaterThan(20);
    }
    expect(stage.of("AWS::SNS::Subscription").map((one) => at(one, "Endpoint"))).toEqual(["ops@example.com"]);
    expect(production.of("AWS::SNS::Subscription")).toEqual([]);
  });

  it("speak of fleet protection, of late streams and queues, and of a silent dispatch", () => {
    const alarms = stage.of("AWS::CloudWatch::Alarm");
    const [protection] = alarms.filter((one) => at(one, "MetricName") === "FleetProtection");
    expect(protection!.Properties).toMatchObject({
      Namespace: "Arx",
      Dimensions: [{ Name: "service", Value: "health" }],
      Threshold: 1,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
    });
    const metrics = alarms.map((one) => text(at(one, "MetricName")));
    expect(metrics).toEqual(expect.arrayContaining(["IteratorAge", "ApproximateAgeOfOldestMessage"]));
    const silent = alarms.find((one) => one.id.startsWith(`${logicalName("dispatch")}Silent`));
    expect(silent!.Properties).toMatchObject({ MetricName: "Invocations", TreatMissingData: "breaching" });
  });
});

tables(both);
permissions(both);
triggers(both);
realtime(both);
