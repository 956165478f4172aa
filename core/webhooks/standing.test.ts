import { expect, test } from "vitest";
import type { Outcome } from "./attempt.ts";
import {
  FRESH,
  hopelessness,
  isDue,
  joined,
  type Standing,
  settled,
  type Tally,
  tallied,
} from "./standing.ts";

const AT = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const good: Outcome = {
  ok: true,
  status: 204,
  reason: null,
  retry_after_s: null,
  duration_ms: 1,
  body: null,
};
const bad: Outcome = { ...good, ok: false, status: 500, reason: "The receiver answered with status 500." };

function tallyOf(...outcomes: readonly Outcome[]): Tally {
  let tally: Tally | undefined;
  for (const [at, outcome] of outcomes.entries()) tally = tallied(tally, outcome, AT + at);
  return tally!;
}

test("failures add up, a success ends their run", () => {
  const failing = settled(FRESH, tallyOf(bad, bad), AT + 10);
  expect(failing).toEqual({
    version: 2,
    last_success_at: null,
    last_failure_at: AT + 1,
    last_failure: bad.reason,
    consecutive_failures: 2,
    failing_since: AT,
    noted_at: AT + 10,
    failure_noted_at: AT + 10,
  });
  const worse = settled(failing, tallied(undefined, bad, AT + 99), AT + 100);
  expect(worse).toMatchObject({ consecutive_failures: 3, failing_since: AT, last_failure_at: AT + 99 });
  const recovered = settled(worse, tallyOf(bad, good), AT + 200);
  expect(recovered).toMatchObject({
    consecutive_failures: 0,
    failing_since: null,
    last_success_at: AT + 1,
    last_failure: bad.reason,
  });
  expect(settled(worse, tallyOf(bad, good, bad), AT + 200)).toMatchObject({
    consecutive_failures: 1,
    failing_since: AT + 2,
  });
});

test("two tallies one after the other are as one", () => {
  const outcomes = [good, bad, bad, good, bad];
  for (let cut = 1; cut < outcomes.length; cut++) {
    const older = tallyOf(...outcomes.slice(0, cut));
    let newer: Tally | undefined;
    for (const [at, outcome] of outcomes.entries()) {
      if (at >= cut) newer = tallied(newer, outcome, AT + at);
    }
    expect(joined(older, newer), `cut at ${cut}`).toEqual(tallyOf(...outcomes));
  }
  expect(joined(tallyOf(bad))).toEqual(tallyOf(bad));
});

test("W9: a flapping receiver costs two writes a minute, a steady one one", () => {
  const writesOver = (outcomeAt: (second: number) => Outcome) => {
    let standing: Standing = FRESH;
    let tally: Tally | undefined;
    let writes = 0;
    for (let second = 0; second < 600; second++) {
      const now = AT + second * 1000;
      tally = tallied(tally, outcomeAt(second), now);
      if (!isDue(standing, tally, now)) continue;
      standing = settled(standing, tally, now);
      tally = undefined;
      writes++;
    }
    return writes;
  };
  expect(writesOver(() => good)).toBe(10);
  expect(writesOver(() => bad)).toBe(10);
  const flapping = writesOver((second) => (second % 2 === 0 ? bad : good));
  expect(flapping).toBeGreaterThan(10);
  expect(flapping).toBeLessThanOrEqual(20);
});

test("W9: the first failure and the first success after failures are written at once", () => {
  expect(isDue(FRESH, tallyOf(bad), AT)).toBe(true);
  const failing = settled(FRESH, tallyOf(bad), AT);
  expect(isDue(failing, tallyOf(bad), AT + 59_999)).toBe(false);
  expect(isDue(failing, tallyOf(good), AT + 1)).toBe(true);
});

test("W6: three days and a hundred failures without a success are beyond hope; less of either is not", () => {
  const standing = { ...FRESH, failing_since: AT, consecutive_failures: 101, last_failure: "No connection." };
  const since = `Nothing got through since ${new Date(AT).toISOString()}, in 101 attempts or more. The last: No connection.`;
  expect(hopelessness(standing, AT + 3 * DAY)).toBe(since);
  expect(hopelessness(standing, AT + 3 * DAY - 1)).toBeNull();
  expect(hopelessness({ ...standing, consecutive_failures: 100 }, AT + 9 * DAY)).toBeNull();
  expect(hopelessness({ ...standing, last_success_at: AT + DAY }, AT + 3 * DAY)).toBeNull();
  expect(hopelessness(FRESH, AT)).toBeNull();
});
