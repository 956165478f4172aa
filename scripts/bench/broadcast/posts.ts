import type { Peers } from "../../../core/realtime/index.ts";

/** A span of time in which messages were under way, milliseconds of `performance.now`. */
interface Burst {
  readonly from: number;
  to: number;
}

const QUIET_MS = 100;

/** Notes what goes to clients, and when. */
export function watch(peers: Peers): {
  readonly peers: Peers;
  readonly posts: ReadonlyMap<string, readonly number[]>;
  readonly bursts: readonly Burst[];
  readonly failed: () => number;
  clear(): void;
} {
  const posts = new Map<string, number[]>();
  const bursts: Burst[] = [];
  let failed = 0;
  let underWay = 0;
  return {
    posts,
    bursts,
    failed: () => failed,
    clear() {
      posts.clear();
      bursts.length = 0;
      failed = 0;
    },
    peers: {
      close: (id) => peers.close(id),
      async post(id, text) {
        const at = performance.now();
        posts.set(id, [...(posts.get(id) ?? []), at]);
        const current = bursts.at(-1);
        if (!current || (underWay === 0 && at - current.to > QUIET_MS)) bursts.push({ from: at, to: at });
        underWay += 1;
        const posted = await peers.post(id, text);
        underWay -= 1;
        bursts.at(-1)!.to = performance.now();
        if (posted !== "sent") failed += 1;
        return posted;
      },
    },
  };
}

/** The most messages that began to go to one connection within any `windowMs`. */
export function mostWithin(posts: ReadonlyMap<string, readonly number[]>, windowMs: number): number {
  let most = 0;
  for (const times of posts.values()) {
    let first = 0;
    for (const [at, time] of times.entries()) {
      while (time - times[first]! >= windowMs) first += 1;
      most = Math.max(most, at - first + 1);
    }
  }
  return most;
}
