import { analytics } from "../../contract/endpoints/analytics.ts";
import { Analytics } from "../../core/analytics/index.ts";
import type { World } from "../../core/ctx.ts";
import { openWorld } from "../world.ts";
import { type Answer, bind, type HttpRequest, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { nextLink } from "./page.ts";

const GEOJSON = "application/geo+json";

/** A page of a ranking with its `Link`. */
function paged({ next, ...view }: { readonly next: string | undefined }, request: HttpRequest): Answer {
  return ok(view, nextLink(request, next));
}

const bound = bind(analytics, {
  analyticsSummary: async (ctx, input) => ok(await Analytics.summary(ctx, input)),
  analyticsClients: async (ctx, input, request) => paged(await Analytics.clients(ctx, input), request),
  analyticsNodes: async (ctx, input, request) => paged(await Analytics.nodes(ctx, input), request),
  analyticsErrors: async (ctx, input, request) => paged(await Analytics.errors(ctx, input), request),
  analyticsHeatmap: async (ctx, input, request) => {
    const { next, ...view } = await Analytics.heatmap(ctx, input);
    const links = { vary: "Accept", ...nextLink(request, next) };
    if (!wantsGeoJson(request)) return ok(view, links);
    return ok(Analytics.featureCollection(view), { "content-type": GEOJSON, ...links });
  },
  analyticsTimeseries: async (ctx, input) => ok(await Analytics.timeseries(ctx, input)),
  analyticsGaps: async (ctx, input, request) => paged(await Analytics.gaps(ctx, input), request),
  getDashboardMetrics: async (ctx, input) => ok(await Analytics.dashboard(ctx, input)),
});

function wantsGeoJson({ headers }: HttpRequest): boolean {
  return (headers.accept ?? "")
    .split(",")
    .some((type) => type.split(";")[0]!.trim().toLowerCase() === GEOJSON);
}

export function makeAnalytics(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeAnalytics(() => openWorld("analytics"));
