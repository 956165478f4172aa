import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRACE_MS, listedUntil, MAX_SPENT, REFRESH_TOKEN_MS, standingOf, turned } from "./family.ts";
import type { SessionRecord } from "./record.ts";
import {
  firstToken,
  formatRefreshToken,
  hashOf,
  makeKey,
  parseRefreshToken,
  type RefreshToken,
} from "./token.ts";

const ID = "0192f0c1-0000-7000-8000-000000000001";

function begun(now = 0): { session: SessionRecord; token: RefreshToken } {
  const family_key = makeKey();
  const token = firstToken(ID, family_key);
  const session: SessionRecord = {
    id: ID,
    user_id: "u",
    password_epoch: 1,
    created_at: now,
    last_used: now,
    expires_at_ms: now + REFRESH_TOKEN_MS,
    listed_until: listedUntil(now + REFRESH_TOKEN_MS),
    family_key,
    current: hashOf(token),
    spent: [],
    revision: 1,
  };
  return { session, token };
}
const turn = (session: SessionRecord, token: RefreshToken, now: number) =>
  turned(session, token, { salt: makeKey(), now })!;

describe("a family of refresh tokens", () => {
  it("has one that is good", () => {
    const { session, token } = begun();
    expect(standingOf(session, token, 0)).toEqual({ kind: "current" });
    const { session: after, next } = turn(session, token, 1000);
    expect(standingOf(after, next, 1000)).toEqual({ kind: "current" });
    expect(standingOf(after, token, 1000)).toEqual({ kind: "recent", current: next });
  });

  it("gives the good one for one spent up to ten seconds ago, and is over for one spent before", () => {
    const { session, token } = begun();
    const { session: after, next } = turn(session, token, 1000);
    expect(standingOf(after, token, 1000 + GRACE_MS)).toEqual({ kind: "recent", current: next });
    expect(standingOf(after, token, 1001 + GRACE_MS)).toEqual({ kind: "reused" });
  });

  it("knows a token that it never gave, whatever it resembles", () => {
    const { session, token } = begun();
    const { token: another } = begun();
    const { next } = turn(session, token, 0);
    expect(standingOf(session, another, 0)).toEqual({ kind: "foreign" });
    const mixed = { ...token, tag: next.tag };
    expect(standingOf(session, mixed, 0)).toEqual({ kind: "foreign" });
  });

  it("remembers so many within the grace, and turns no further than it can remember", () => {
    let { session, token } = begun();
    const given = [token];
    for (let at = 0; at < MAX_SPENT; at++) {
      const turn_ = turn(session, token, 0);
      ({ session, next: token } = turn_);
      given.push(token);
    }
    for (const one of given.slice(0, -1)) {
      expect(standingOf(session, one, 0)).toEqual({ kind: "recent", current: token });
    }
    expect(turned(session, token, { salt: makeKey(), now: GRACE_MS })).toBeNull();
    expect(turned(session, token, { salt: makeKey(), now: GRACE_MS + 1 })?.session.spent).toHaveLength(1);
  });

  it("is listed for longer than it lasts, and its entry is written anew once in a week", () => {
    let { session, token } = begun();
    let written = 0;
    for (let now = 0; now < 10 * REFRESH_TOKEN_MS; now += 900_000) {
      const { session: after, next } = turn(session, token, now);
      if (after.listed_until !== session.listed_until) written++;
      expect(after.listed_until).toBeGreaterThanOrEqual(after.expires_at_ms);
      [session, token] = [after, next];
    }
    expect(written).toBeLessThanOrEqual(10);
  });

  it("agrees with the plain rule over any history", () => {
    const step = fc.record({ after: fc.nat(8000), which: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        let { session, token } = begun();
        const given = [{ token, spentAt: undefined as number | undefined }];
        let now = 0;
        for (const { after, which } of steps) {
          now += after;
          const one = given[which % given.length]!;
          const standing = standingOf(session, one.token, now);
          if (one.spentAt === undefined) {
            expect(standing).toEqual({ kind: "current" });
            const next = turn(session, token, now);
            one.spentAt = now;
            [session, token] = [next.session, next.next];
            given.push({ token, spentAt: undefined });
          } else if (now - one.spentAt <= GRACE_MS) {
            expect(standing).toEqual({ kind: "recent", current: token });
          } else {
            expect(standing).toEqual({ kind: "reused" });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps nothing of which a token could be made", () => {
    let { session, token } = begun();
    const given = [token];
    for (let at = 0; at < 3; at++) {
      const turn_ = turn(session, token, at);
      ({ session, next: token } = turn_);
      given.push(token);
    }
    const stored = JSON.stringify(session);
    for (const one of given) {
      expect(stored).not.toContain(one.secret.toString("base64url"));
      expect(stored).not.toContain(formatRefreshToken(one).slice(-64));
    }
  });
});

describe("a refresh token in a text", () => {
  it("reads back as it was written", () => {
    const token = firstToken(ID, makeKey());
    const text = formatRefreshToken(token);
    expect(text).toMatch(/^arx_refresh_[0-9a-f-]{36}_[A-Za-z0-9_-]{64}$/);
    expect(parseRefreshToken(text)).toEqual(token);
  });

  it("has one spelling: of all others of a character each, none is the same token", () => {
    const { session, token } = begun();
    const text = formatRefreshToken(token);
    for (let at = 0; at < text.length; at++) {
      for (const char of ["A", "b", "7", "_", "-", "=", " "]) {
        if (char === text[at]) continue;
        const other = parseRefreshToken(text.slice(0, at) + char + text.slice(at + 1));
        if (other === null || other.session !== ID) continue;
        expect(standingOf(session, other, 0)).toEqual({ kind: "foreign" });
      }
    }
  });

  it.each([
    "",
    "arx_refresh_",
    `arx_refresh_${ID}_`,
    `arx_refresh_${ID}_${"A".repeat(63)}`,
    `arx_refresh_${ID}_${"A".repeat(65)}`,
    `arx_node_${ID}_${"A".repeat(64)}`,
    `arx_refresh_${ID.toUpperCase()}_${"A".repeat(64)}`,
    `arx_refresh_${ID}_${"A".repeat(64)}\n`,
  ])("is none as %j", (text) => {
    expect(parseRefreshToken(text)).toBeNull();
  });
});
