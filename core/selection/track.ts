/** What one router remembers of one node. Sends are counted per slot of two seconds, in a ring. */
export interface Track {
  /** Number (since 1970) of the slot being counted now; the ring holds it and the ones before it. */
  newest: number;
  /** Sends per slot. */
  readonly sent: Float32Array;
  /** The same, less those known to have ended. */
  readonly open: Float32Array;
  /** The router's count of sends when it last sent here; 0 for never. */
  turn: number;
  seenAt: number;
  /** Own sends, each fading with ten sessions, as of `longRunAt`. */
  longRun: number;
  longRunAt: number;
  /** Observed connections, smoothed over the sweeps, as of `usualAt`. */
  usual: number;
  usualAt: number;
  /** Outcomes of forwarding and how many of them were failures, each fading with `OUTCOME_SECONDS`, as of `outcomeAt`. */
  outcomes: number;
  failures: number;
  outcomeAt: number;
}

const SLOT_MS = 2000;
/** 96 s: longer than the three sweeps after which a node that cannot be observed is out of the pool. */
const SLOTS = 48;
/** One sweep interval. */
const OUTCOME_SECONDS = 30;

export function freshTrack(now: number): Track {
  return {
    newest: Math.floor(now / SLOT_MS),
    sent: new Float32Array(SLOTS),
    open: new Float32Array(SLOTS),
    turn: 0,
    seenAt: now,
    longRun: 0,
    longRunAt: now,
    usual: 0,
    usualAt: 0,
    outcomes: 0,
    failures: 0,
    outcomeAt: now,
  };
}

/** Turns the ring to `now`, emptying the slots that come into use, and gives the slot to count in. */
export function turnTo(track: Track, now: number): number {
  const current = Math.floor(now / SLOT_MS);
  const first = Math.max(track.newest + 1, current - SLOTS + 1);
  for (let number = first; number <= current; number++) {
    track.sent[number % SLOTS] = 0;
    track.open[number % SLOTS] = 0;
  }
  if (current > track.newest) track.newest = current;
  return track.newest % SLOTS;
}

/** The slot in which `at` was counted; undefined when the ring no longer holds it. */
export function slotOf(track: Track, at: number): number | undefined {
  const number = Math.floor(at / SLOT_MS);
  return number > track.newest || number <= track.newest - SLOTS ? undefined : number % SLOTS;
}

/**
 * Sends since `observedAt` that are in flight at `now`: the router's own, plus `others` times as many of the other routers.
 * Each fades with the mean session; without one nothing fades. Own sends that ended are out at once, but still stand for
 * those of the others. Of the slot in which the observation fell, the part after it counts.
 */
export function sentSince(
  track: Track,
  observedAt: number,
  now: number,
  others: number,
  sessionMs: number,
): number {
  let slot = turnTo(track, now);
  const perSlot = Math.exp(-SLOT_MS / sessionMs);
  let start = track.newest * SLOT_MS;
  let length = Math.max(0, Math.min(SLOT_MS, now - start));
  let left = Math.exp(-Math.max(0, now - start - length / 2) / sessionMs);
  let inFlight = 0;
  for (let seen = 0; seen < SLOTS && start + length >= observedAt; seen++) {
    const part = observedAt > start ? (start + length - observedAt) / length : 1;
    inFlight += part * left * (track.open[slot]! + others * track.sent[slot]!);
    left = seen === 0 ? Math.exp(-Math.max(0, now - start + SLOT_MS / 2) / sessionMs) : left * perSlot;
    start -= SLOT_MS;
    length = SLOT_MS;
    slot = slot === 0 ? SLOTS - 1 : slot - 1;
  }
  return inFlight;
}

/** Folds one outcome of forwarding (1 for a failure, 0 for a good answer) into the recent ones. */
export function noteOutcome(track: Track, failure: 0 | 1, now: number): void {
  const left = Math.exp(-Math.max(0, now - track.outcomeAt) / (OUTCOME_SECONDS * 1000));
  track.outcomes = track.outcomes * left + 1;
  track.failures = track.failures * left + failure;
  track.outcomeAt = now;
}

/**
 * The share of recent outcomes that failed, 0–1, fading over a sweep interval after the last: a node that always fails is
 * tried again now and then, one that fails once in a thousand is hardly touched. The first failure alone counts half.
 */
export function failureShare(track: Track, now: number): number {
  if (track.failures === 0) return 0;
  const left = Math.exp(-Math.max(0, now - track.outcomeAt) / (OUTCOME_SECONDS * 1000));
  return (left * track.failures) / (track.outcomes + 1);
}
