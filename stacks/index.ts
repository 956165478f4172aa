import { Aspects } from "aws-cdk-lib/core";
import { AwsSolutionsChecks } from "cdk-nag";
import type { App } from "sst/constructs";
import { Alarms } from "./alarms.ts";
import { Analytics } from "./analytics.ts";
import { Archive } from "./archive.ts";
import { Events } from "./events.ts";
import { Health } from "./health.ts";
import { Http } from "./http.ts";
import { Realtime } from "./realtime.ts";
import { Storage } from "./storage.ts";

/** Everything that is deployed. Each synthesis is checked by cdk-nag; a test reads its reports. */
export function stacks(app: App): void {
  app.stack(Alarms).stack(Storage);
  // Http tells the addresses that Realtime has.
  app.stack(Realtime).stack(Events).stack(Http).stack(Health).stack(Analytics).stack(Archive);
  // SST gives each stack a function for custom resources, whether it has any or not; these have none.
  for (const stack of app.node.children) stack.node.tryRemoveChild("CustomResourceHandler");
  Aspects.of(app).add(new AwsSolutionsChecks());
}
