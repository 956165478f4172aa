import { AccessLogFormat, CfnAccount } from "aws-cdk-lib/aws-apigateway";
import {
  type CfnApi,
  type CfnStage,
  type IWebSocketApi,
  LogGroupLogDestination,
  WebSocketApi,
  WebSocketRoute,
  WebSocketStage,
} from "aws-cdk-lib/aws-apigatewayv2";
import { WebSocketLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { dependsOn, type Function as SstFunction, type Stack, type StackContext } from "sst/constructs";
import { alarm, FIVE_MINUTES } from "./alarms.ts";
import type { FunctionName } from "./functions.ts";
import { GRANTS } from "./grants.ts";
import { LOG_RETENTION, lambda } from "./lambda.ts";
import { except } from "./nag.ts";
import { isProduction } from "./naming.ts";
import { readSettings } from "./settings.ts";
import { Storage } from "./storage.ts";

/** The address ends with it: `wss://….execute-api.….amazonaws.com/ws`. */
const STAGE = "ws";
const ROUTES = { Connect: "$connect", Disconnect: "$disconnect", Message: "$default" };

/** What clients may do a second and at once: each is a call of the function, and an account opens 500 sockets a second unless AWS raised it. */
const THROTTLE = { rateLimit: 1000, burstLimit: 500 };
const CONNECTS = { rateLimit: 250, burstLimit: 500 };

/** What API Gateway writes of each connect, message and disconnect: no query string, which holds a ticket, no header and no body. */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  event: "$context.eventType",
  routeKey: "$context.routeKey",
  connectionId: "$context.connectionId",
  status: "$context.status",
  integrationMs: "$context.integrationLatency",
  error: "$context.error.message",
};

/** Where sockets are opened, and where the functions that push to them send. */
export interface Sockets {
  /** What a client connects to, but for its ticket. */
  readonly url: string;
  readonly endpoint: string;
  readonly stage: WebSocketStage;
}

/** The WebSocket API: one function for connects, disconnects and every message. */
export function Realtime(context: StackContext): Sockets {
  const { stack, app } = context;
  dependsOn(Storage);
  const api = new WebSocketApi(stack, "SocketApi", { apiName: app.logicalPrefixedName("sockets") });
  const stage = socketStage(context, api);
  const endpoint = stage.callbackUrl;
  const made = lambda(context, "realtime", {
    environment: { ARX_REALTIME_ENDPOINT: endpoint },
  });
  letPush(stage, "realtime", made);
  for (const [name, routeKey] of Object.entries(ROUTES)) {
    // One for each: CDK lets a shared one be called by its first route alone.
    const integration = new WebSocketLambdaIntegration(`${name}Integration`, made);
    const route = new WebSocketRoute(stack, `${name}Route`, { webSocketApi: api, routeKey, integration });
    except(
      route,
      "APIG4",
      "The function reads the ticket or key at $connect; what follows is on that connection.",
    );
    stage.node.addDependency(route);
  }
  watch(stack, stage);
  const url = readSettings(process.env).realtimeUrl ?? `${stage.url}?channel=admin`;
  stack.addOutputs({ RealtimeUrl: url, RealtimeApiId: api.apiId });
  return { url, endpoint, stage };
}

function socketStage({ stack, app }: StackContext, api: IWebSocketApi): WebSocketStage {
  const logs = new LogGroup(stack, "SocketAccessLogs", {
    retention: LOG_RETENTION,
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  const stage = new WebSocketStage(stack, "SocketStage", {
    webSocketApi: api,
    stageName: STAGE,
    autoDeploy: true,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
  const made = stage.node.defaultChild as CfnStage;
  // API Gateway's own trace of a request would hold its ticket.
  made.defaultRouteSettings = {
    throttlingRateLimit: THROTTLE.rateLimit,
    throttlingBurstLimit: THROTTLE.burstLimit,
    loggingLevel: "OFF",
    dataTraceEnabled: false,
    detailedMetricsEnabled: false,
  };
  made.routeSettings = {
    [ROUTES.Connect]: {
      ThrottlingRateLimit: CONNECTS.rateLimit,
      ThrottlingBurstLimit: CONNECTS.burstLimit,
      LoggingLevel: "OFF",
      DataTraceEnabled: false,
      DetailedMetricsEnabled: false,
    },
  };
  stage.node.addDependency(accountLogs(stack));
  return stage;
}

/**
 * Of WebSocket APIs, API Gateway writes logs by a role that is set once for an account's region, and refuses the stage without. The role
 * and the setting stay when the stack goes: by then, other APIs may log by them.
 */
function accountLogs(stack: Stack): CfnAccount {
  const role = new Role(stack, "GatewayLogsRole", {
    assumedBy: new ServicePrincipal("apigateway.amazonaws.com"),
    description: "Lets API Gateway write the logs of this region's APIs",
    managedPolicies: [
      ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
    ],
  });
  role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  except(role, "IAM4", "It serves every API of the region, and API Gateway refuses a role that may do less.");
  const account = new CfnAccount(stack, "GatewayAccount", { cloudWatchRoleArn: role.roleArn });
  account.applyRemovalPolicy(RemovalPolicy.RETAIN);
  account.node.addDependency(role);
  return account;
}

/** Lets a function do with open sockets what its grants say. */
export function letPush(stage: WebSocketStage, name: FunctionName, made: SstFunction): void {
  const { stack } = made;
  const sockets = (method: string) => `${STAGE}/${method}/@connections/*`;
  const methods = GRANTS[name].pushes ?? [];
  const resources = methods.map((method) =>
    stack.formatArn({ service: "execute-api", resource: stage.api.apiId, resourceName: sockets(method) }),
  );
  made.addToRolePolicy(new PolicyStatement({ actions: ["execute-api:ManageConnections"], resources }));
  const api = stage.stack.getLogicalId(stage.api.node.defaultChild as CfnApi);
  const found = `Resource::arn:<AWS::Partition>:execute-api:${stack.region}:${stack.account}:<${api}>`;
  except(
    made.role!,
    "IAM5",
    "Any open socket of this one stage: API Gateway makes up their names.",
    methods.map((method) => `${found}/${sockets(method)}`),
  );
}

function watch(stack: Stack, stage: WebSocketStage): void {
  const sum = { period: FIVE_MINUTES, statistic: "Sum" };
  alarm(stack, "SocketExecutionErrors", {
    metric: stage.metric("ExecutionError", sum),
    threshold: 5,
    description: "API Gateway could not call the function realtime: its permission, its time, or its quota.",
  });
  alarm(stack, "SocketIntegrationErrors", {
    metric: stage.metric("IntegrationError", sum),
    threshold: 100,
    periods: 3,
    description: "The function realtime refuses connects or fails on messages in bulk; its logs say which.",
  });
  alarm(stack, "SocketClientErrors", {
    metric: stage.metric("ClientError", sum),
    threshold: 100,
    periods: 3,
    description: "API Gateway turns clients away before the function sees them: throttled, or malformed.",
  });
}
