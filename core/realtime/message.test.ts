import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Event, Events, type EventType } from "../events/index.ts";
import { coalesced, MAX_MESSAGE_BYTES, pack, snapshotRequired } from "./message.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 300);

const draft = fc.record({
  type: fc.constantFrom<EventType>("node_health_updated", "node_health_updated", "node_created"),
  node: fc.nat(6),
  /** An event's `data` has up to 24 KB. */
  bytes: fc.oneof(fc.nat(300), fc.nat(23_000)),
  letter: fc.constantFrom("x", "é", "€", "\u{1f6f0}"),
});

const events = fc.array(draft, { maxLength: 60 }).map((drafts) =>
  drafts.map(({ type, node, bytes, letter }, index): Event => {
    const id = Events.eventId({ at: 1_800_000_000_000, seq: 1_800_000_000_000, index });
    const padding = letter.repeat(bytes / Buffer.byteLength(letter));
    return { type, id, at: "2027-01-15T08:00:00.000Z", data: { id: `n${node}`, padding } };
  }),
);

const idsIn = (text: string) => ([JSON.parse(text)].flat() as Event[]).map(({ id }) => id);

describe("R6: messages", () => {
  it(`have at most 32 KB, every event in turn, and as many as fit, in ${RUNS} cases (ARX_RUNS)`, () => {
    fc.assert(
      fc.property(events, (given) => {
        let left = given;
        while (left.length > 0) {
          const { text, count, room } = pack(left);
          const bytes = Buffer.byteLength(text!);
          expect(bytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
          expect(room).toBeLessThanOrEqual(MAX_MESSAGE_BYTES - bytes);
          expect(idsIn(text!)).toEqual(left.slice(0, count).map(({ id }) => id));
          const next = left[count];
          if (next) {
            const { type, id, at, data } = next;
            expect(Buffer.byteLength(JSON.stringify({ type, id, at, data }))).toBeGreaterThanOrEqual(room);
          }
          left = left.slice(count);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("are an object for one event, a list for several, and none for none", () => {
    const [one, two] = [1, 2].map((index): Event => {
      const id = Events.eventId({ at: 1, seq: 1, index });
      return { type: "node_created", id, at: "2027-01-15T08:00:00.000Z", data: {} };
    });
    expect(pack([])).toEqual({ text: null, count: 0, room: MAX_MESSAGE_BYTES - 2 });
    expect(pack([one!]).text).toBe(JSON.stringify(one));
    expect(pack([one!, two!]).text).toBe(JSON.stringify([one, two]));
  });

  it("hold no place of an event: that is not for clients", () => {
    const id = Events.eventId({ at: 1, seq: 1, index: 1 });
    const fact = { type: "node_created" as const, id, at: "2027-01-15T08:00:00.000Z", data: {}, place: "u0" };
    expect(pack([fact]).text).not.toContain("place");
  });
});

it(`R7: of several tellings of a node's health the newest stays, and everything else, in order, in ${RUNS} cases (ARX_RUNS)`, () => {
  fc.assert(
    fc.property(events, (given) => {
      const expected = given.filter(
        ({ type, data }, at) =>
          type !== "node_health_updated" ||
          !given.slice(at + 1).some((later) => later.type === type && later.data.id === data.id),
      );
      expect(coalesced(given)).toEqual(expected);
    }),
    { numRuns: RUNS },
  );
});

it("R4: snapshot_required says why, where to get the state, and from where events go on", () => {
  const end = { seq: 1_800_000_000_000, at: 1_800_000_000_500 };
  expect(JSON.parse(snapshotRequired(end, "2027-01-15T08:00:00.500Z", "too_old"))).toEqual({
    type: "snapshot_required",
    id: Events.endOf(end),
    at: "2027-01-15T08:00:00.500Z",
    data: { reason: "too_old", snapshot: ["/admin/api/v1/nodes", "/admin/api/v1/dashboard/metrics"] },
  });
});
