/**
 * The waves (Unix seconds) to order at `now` (ms) for the window of `windowS` seconds that it lies in: multiples of the interval. Of those
 * that are overdue only the last is worth anything.
 */
export function wavesIn(now: number, windowS: number, intervalS: number): number[] {
  const nowS = now / 1000;
  const start = Math.floor(nowS / windowS) * windowS;
  const waves: number[] = [];
  for (let wave = Math.ceil(start / intervalS) * intervalS; wave < start + windowS; wave += intervalS)
    waves.push(wave);
  const overdue = waves.filter((wave) => wave <= nowS).length;
  return waves.slice(Math.max(0, overdue - 1));
}
