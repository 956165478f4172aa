export { addMeasures, type Cube, type Dimension, emptyMeasures, type Measures } from "./cube.ts";
export { CELL_PRECISION } from "./fact.ts";
export * as Rollups from "./rollups.ts";
