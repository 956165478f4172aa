export { chord2ToKm as kmOf } from "../geo/index.ts";
export { keyOf } from "./key.ts";
export { MAX_K, type Routable } from "./memory.ts";
export { type Near, type NearestAnswer, type NearestQuery, nearest } from "./nearest.ts";
export { reflect } from "./place.ts";
export { clear, type Rebuilt, rebuild } from "./rebuild.ts";
export { sweptCell } from "./stored.ts";
export { observe, publish, publishSigns, read, units, unitsOf, writeObservation } from "./sweeping.ts";
