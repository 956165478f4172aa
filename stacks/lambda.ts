import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { ArnFormat, RemovalPolicy } from "aws-cdk-lib/core";
import { Function as SstFunction, type Stack, type StackContext, use } from "sst/constructs";
import { TABLES } from "../core/tables.ts";
import { alarm, FIVE_MINUTES } from "./alarms.ts";
import { BUNDLING } from "./bundling.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "./functions.ts";
import { GRANTS, type Grant, type SealedUnder } from "./grants.ts";
import { except } from "./nag.ts";
import { isProduction, logicalName, tablePrefix, version } from "./naming.ts";
import { readSettings } from "./settings.ts";
import { Storage } from "./storage.ts";

export const LOG_RETENTION = RetentionDays.ONE_MONTH;

/** A function as its spec and its grants say, with its own log group, role and alarms. */
export function lambda(
  { stack, app }: StackContext,
  name: FunctionName,
  extra: { readonly environment?: Record<string, string> } = {},
): SstFunction {
  const spec: FunctionSpec = FUNCTIONS[name];
  const id = logicalName(name);
  const settings = readSettings(process.env);
  const logGroup = new LogGroup(stack, `${id}Logs`, {
    retention: LOG_RETENTION,
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  const role = new Role(stack, `${id}Role`, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    description: `What the function ${name} may do`,
  });
  logGroup.grantWrite(role);
  for (const statement of tableStatements(stack, tablePrefix(app), GRANTS[name])) role.addToPolicy(statement);
  const { seals = [], opens = [] } = GRANTS[name];
  const sealingKey = seals.length + opens.length > 0 ? use(Storage).sealingKey.keyArn : undefined;
  if (sealingKey) {
    for (const under of seals) role.addToPolicy(keyStatement("GenerateDataKey", sealingKey, under));
    for (const under of opens) role.addToPolicy(keyStatement("Decrypt", sealingKey, under));
  }
  const made = new SstFunction(stack, id, {
    handler: spec.entry.replace(/\.ts$/, ".handler"),
    description: `Arx: ${name}`,
    runtime: "nodejs24.x",
    architecture: "arm_64",
    memorySize: spec.memoryMb,
    timeout: spec.timeoutS,
    tracing: settings.tracing,
    role,
    logGroup,
    nodejs: { format: "esm", splitting: true, sourcemap: false, minify: true, esbuild: BUNDLING as object },
    environment: {
      ...settings.passedOn,
      ARX_TABLE_PREFIX: tablePrefix(app),
      ARX_STAGE: app.stage,
      ARX_VERSION: version(),
      ...(sealingKey ? { ARX_SEALING_KEY: sealingKey } : {}),
      ...extra.environment,
    },
  });
  if (settings.tracing === "active")
    except(role, "IAM5", "X-Ray takes segments for no resource in particular.", ["Resource::*"]);
  watch(stack, name, made);
  return made;
}

function tableStatements(stack: Stack, prefix: string, grant: Grant): PolicyStatement[] {
  return Object.entries(grant.tables).map(([target, actions]) => {
    const [table, index] = target.split("/");
    const spec = TABLES.find(({ name }) => name === table);
    if (!spec) throw new Error(`grants.ts names the table ${table}, which core/tables.ts has not.`);
    if (index && !spec.indexes?.some(({ name }) => name === index)) {
      throw new Error(`grants.ts names the index ${target}, which the table has not.`);
    }
    return new PolicyStatement({
      effect: Effect.ALLOW,
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [
        stack.formatArn({
          service: "dynamodb",
          resource: "table",
          resourceName: `${prefix}-${table}${index ? `/index/${index}` : ""}`,
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        }),
      ],
    });
  });
}

/** Lets a role use the sealing key for what is sealed under such a context, and for nothing else that the key seals. */
function keyStatement(call: "GenerateDataKey" | "Decrypt", key: string, under: SealedUnder): PolicyStatement {
  const context = Object.entries(under).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]);
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [`kms:${call}`],
    resources: [key],
    conditions: {
      StringLike: Object.fromEntries(context) as Record<string, string>,
      "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": Object.keys(under) },
    },
  });
}

function watch(stack: Stack, name: FunctionName, made: SstFunction): void {
  const id = logicalName(name);
  alarm(stack, `${id}Errors`, {
    metric: made.metricErrors({ period: FIVE_MINUTES, statistic: "Sum" }),
    threshold: FUNCTIONS[name].kind === "schedule" ? 1 : 5,
    description: `${name} failed (crashed, timed out or threw); see its logs.`,
  });
  alarm(stack, `${id}Throttles`, {
    metric: made.metricThrottles({ period: FIVE_MINUTES, statistic: "Sum" }),
    threshold: 1,
    description: `${name} was refused for lack of concurrency; raise the account's quota.`,
  });
}
