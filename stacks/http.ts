import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpApi,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import { dependsOn, type Function as SstFunction, type Stack, type StackContext, use } from "sst/constructs";
import { CORS } from "../contract/cors.ts";
import { type Domain, ENDPOINTS } from "../contract/index.ts";
import { DEFAULT_DOMAIN, HTTP_FUNCTIONS } from "./functions.ts";
import { LOG_RETENTION, lambda } from "./lambda.ts";
import { except } from "./nag.ts";
import { isProduction, logicalName } from "./naming.ts";
import { Realtime } from "./realtime.ts";
import { readSettings } from "./settings.ts";
import { Storage } from "./storage.ts";

/** Requests a second and at once, of half an account's default quota, so that one stage can't starve what else is there. */
const THROTTLE = { rateLimit: 5000, burstLimit: 2500 };

/**
 * What costs more than a look-up, and anyone may ask for or a leaked credential can: a machine that registers makes writes and later
 * probes; a password that is hashed takes a processor for a tenth of a second. Each caller's own limit is the functions' to keep.
 */
const SLOWER: Readonly<Record<string, typeof THROTTLE>> = {
  "POST /api/v1/nodes/register": { rateLimit: 50, burstLimit: 100 },
  "POST /api/v1/auth/register": { rateLimit: 20, burstLimit: 40 },
  "POST /api/v1/auth/login": { rateLimit: 50, burstLimit: 100 },
  "PUT /api/v1/auth/profile": { rateLimit: 20, burstLimit: 40 },
  "POST /api/v1/auth/refresh": { rateLimit: 200, burstLimit: 400 },
  "POST /api/v1/auth/logout": { rateLimit: 200, burstLimit: 400 },
  "POST /api/v1/ws-tickets": { rateLimit: 250, burstLimit: 500 },
};

/** What API Gateway writes of each request; no header and no body, so no credential. */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  routeKey: "$context.routeKey",
  path: "$context.path",
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  integrationMs: "$context.integrationLatency",
  bytes: "$context.responseLength",
  error: "$context.error.message",
};

/** The HTTP API: a function for each domain, a route for each endpoint, and problem documents for everything else. */
export function Http(context: StackContext): { readonly url: string } {
  const { stack, app } = context;
  dependsOn(Storage);
  const api = new HttpApi(stack, "Api", {
    apiName: app.logicalPrefixedName("api"),
    createDefaultStage: false,
    ...cors(readSettings(process.env).corsOrigins),
  }) as IHttpApi;
  const told: Partial<Record<Domain, Record<string, string>>> = {
    realtime: { ARX_REALTIME_URL: use(Realtime).url },
  };
  const integrations = new Map(
    (Object.keys(HTTP_FUNCTIONS) as Domain[]).map((domain) => {
      const environment = told[domain];
      const made = lambda(context, HTTP_FUNCTIONS[domain], environment ? { environment } : {});
      if (domain === DEFAULT_DOMAIN) allowDefaultRoute(stack, api, made);
      const id = `${logicalName(domain)}Integration`;
      return [domain, new HttpLambdaIntegration(id, made, { scopePermissionToRoute: false })];
    }),
  );
  const route = (id: string, routeKey: HttpRouteKey, domain: Domain) => {
    const made = new HttpRoute(stack, id, { httpApi: api, routeKey, integration: integrations.get(domain)! });
    except(
      made,
      "APIG4",
      "The function reads the credential and decides by the endpoint's `who`; some are open to anyone.",
    );
  };
  for (const [id, { method, path, domain }] of Object.entries(ENDPOINTS)) {
    route(
      `${id.charAt(0).toUpperCase()}${id.slice(1)}Route`,
      HttpRouteKey.with(path, HttpMethod[method]),
      domain,
    );
  }
  route("DefaultRoute", HttpRouteKey.DEFAULT, DEFAULT_DOMAIN);
  const stage = defaultStage(context, api);
  stack.addOutputs({ ApiUrl: stage.url });
  return { url: stage.url };
}

/** CDK's permission for the whole API names a method and a path, which `$default` has not. */
function allowDefaultRoute(stack: Stack, api: IHttpApi, made: SstFunction): void {
  made.addPermission("DefaultRoute", {
    principal: new ServicePrincipal("apigateway.amazonaws.com"),
    sourceArn: stack.formatArn({ service: "execute-api", resource: api.apiId, resourceName: "*/$default" }),
  });
}

function defaultStage({ stack, app }: StackContext, api: IHttpApi): HttpStage {
  const logs = new LogGroup(stack, "AccessLogs", {
    retention: LOG_RETENTION,
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  const stage = new HttpStage(stack, "Stage", {
    httpApi: api,
    stageName: "$default",
    autoDeploy: true,
    throttle: THROTTLE,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
  // CDK 2.224 has no property for a single route's throttling.
  (stage.node.defaultChild as CfnStage).routeSettings = Object.fromEntries(
    Object.entries(SLOWER).map(([route, { rateLimit, burstLimit }]) => [
      route,
      { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
    ]),
  );
  // A route's settings are refused until the route is there.
  for (const child of stack.node.children) if (child instanceof HttpRoute) stage.node.addDependency(child);
  return stage;
}

function cors(origins: readonly string[]) {
  if (origins.length === 0) return {};
  return {
    corsPreflight: {
      allowOrigins: [...origins],
      allowMethods: CORS.methods.map((method) => CorsHttpMethod[method]),
      allowHeaders: [...CORS.requestHeaders],
      exposeHeaders: [...CORS.exposedHeaders],
      maxAge: Duration.seconds(CORS.maxAgeS),
    },
  };
}
