import { describe, expect, it } from "vitest";
import { fill, mayRead, maySend, newRhythm, spend } from "./rhythm.ts";

const BEGIN = 1_800_000_000_000;

/** Messages that go out in `seconds` passes of a second each, when there is always something to send. */
function sentIn(seconds: number, may: typeof maySend): number[] {
  const rhythm = newRhythm();
  const sent: number[] = [];
  for (let second = 0; second < seconds; second++) {
    fill(rhythm, BEGIN + second * 1000);
    if (!may(rhythm)) continue;
    spend(rhythm);
    sent.push(second);
  }
  return sent;
}

describe("R7: chatter", () => {
  it("goes out at once six times, then every five seconds", () => {
    expect(sentIn(31, maySend)).toEqual([0, 1, 2, 3, 4, 5, 6, 10, 15, 20, 25, 30]);
  });

  it("leaves three messages to routes, of whatever readings there are", () => {
    expect(sentIn(31, mayRead)).toEqual([0, 1, 2, 5, 10, 15, 20, 25, 30]);
    const rhythm = newRhythm();
    fill(rhythm, BEGIN);
    for (; mayRead(rhythm); spend(rhythm));
    let routes = 0;
    for (; maySend(rhythm); spend(rhythm)) routes += 1;
    expect(routes).toBe(3);
  });

  it("never has more than six, nor less than none", () => {
    const rhythm = newRhythm();
    fill(rhythm, BEGIN + 3_600_000);
    expect(rhythm.tokens).toBe(6);
    for (let n = 0; n < 9; n++) spend(rhythm);
    expect(rhythm.tokens).toBe(0);
  });

  it("loses nothing by a clock that is put back", () => {
    const rhythm = newRhythm();
    fill(rhythm, BEGIN);
    fill(rhythm, BEGIN - 60_000);
    expect(rhythm.tokens).toBe(6);
  });
});
