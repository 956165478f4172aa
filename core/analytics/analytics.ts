export { gaps, heatmap } from "./cells.ts";
export { dashboard } from "./dashboard.ts";
export { featureCollection } from "./geojson.ts";
export { clients, errors, nodes } from "./keyed.ts";
export { summary, timeseries } from "./totals.ts";
