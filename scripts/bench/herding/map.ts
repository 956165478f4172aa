/** Places on a torus of side 1, uniform. */
export function places(nodes: number, random: () => number): { x: Float64Array; y: Float64Array } {
  const x = Float64Array.from({ length: nodes }, random);
  const y = Float64Array.from({ length: nodes }, random);
  return { x, y };
}

const SQUARES = 160;

/** The three nodes nearest to a point, worked out once per square of a fine grid, for its middle. */
export function nearestThree(
  x: Float64Array,
  y: Float64Array,
): (px: number, py: number) => readonly number[] {
  const known: (readonly number[] | undefined)[] = [];
  return (px, py) => {
    const column = Math.floor(px * SQUARES);
    const row = Math.floor(py * SQUARES);
    const square = column * SQUARES + row;
    known[square] ??= nearestTo((column + 0.5) / SQUARES, (row + 0.5) / SQUARES, x, y);
    return known[square];
  };
}

function nearestTo(px: number, py: number, x: Float64Array, y: Float64Array): readonly number[] {
  const nodes = [0, 0, 0];
  const distances = [Infinity, Infinity, Infinity];
  for (let node = 0; node < x.length; node++) {
    const distance = round(px - x[node]!) ** 2 + round(py - y[node]!) ** 2;
    const place = distances.findIndex((each) => distance < each);
    if (place < 0) continue;
    distances.splice(place, 0, distance);
    nodes.splice(place, 0, node);
    distances.length = 3;
    nodes.length = 3;
  }
  return nodes;
}

/** The shorter way round. */
const round = (difference: number): number => Math.min(Math.abs(difference), 1 - Math.abs(difference));
