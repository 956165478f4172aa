export { chord2ToKm, kmToChord2, unitX, unitY, unitZ } from "./chord.ts";
export { type Extent, extentMaxKm, extentMinChord2, extentMinKm } from "./extent.ts";
export { antipode, EARTH_RADIUS_KM, haversineKm, type Position } from "./position.ts";
