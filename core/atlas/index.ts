export { type Atlas, buildAtlas, type Patch } from "./atlas.ts";
export type { Accept } from "./offer.ts";
export { type Points, pointsOf } from "./points.ts";
export { createScratch, type Scratch } from "./scratch.ts";
export { search } from "./search.ts";
