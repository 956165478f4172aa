import { dependsOn, type StackContext } from "sst/constructs";
import { streamed } from "./changes.ts";
import { every } from "./health.ts";
import { lambda } from "./lambda.ts";
import { Storage } from "./storage.ts";

/** Counting: the requests' stream is counted by minute, and a schedule folds minutes into hours and days. */
export function Analytics(context: StackContext): void {
  dependsOn(Storage);
  streamed(context, "request-rollups", {
    late: "Requests are counted minutes late: analytics lag behind.",
    failed: "Requests could not be counted; the queue names the objects that hold them, each with its shard.",
  });
  every(context, "fold-rollups", lambda(context, "fold-rollups"));
}
