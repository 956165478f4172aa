import { gbSecondsOf, type Usage, usageOf } from "./accounts.ts";
import type { Heard } from "./audience.ts";
import { DAYS_A_MONTH } from "./prices.ts";
import { nobody } from "./routes.ts";
import { type Line, linesOf } from "./sheet.ts";
import type { Slice } from "./slice.ts";
import { sumOf } from "./units.ts";

/** How a dashboard is used. */
export interface Use {
  readonly hoursADay: number;
  readonly days: number;
}

/** Open through working hours. */
export const AT_WORK: Use = { hoursADay: 8, days: 22 };
/** A screen on a wall. */
export const ALWAYS: Use = { hoursADay: 24, days: DAYS_A_MONTH };

/** API Gateway ends a connection after so long; the dashboard connects again. */
const CONNECTION_HOURS = 2;
/** See `client/connect.ts`. */
const PINGS_AN_HOUR = 15;

type Told = Slice["audiences"][number];

/**
 * What one more dashboard costs in a month: its messages in both directions, its connections, and what it adds to the broadcaster's
 * lookups; the broadcaster itself works for all of them.
 */
export function dashboardLines(slice: Slice, told: Told, { hoursADay, days }: Use): Line[] {
  const hours = hoursADay * days;
  const { dashboards, acts } = told;
  const connections = days * Math.ceil(hoursADay / CONNECTION_HOURS);
  const pings = hours * PINGS_AN_HOUR;
  const act = (one: Heard, times: number, what: string) => [
    ...linesOf("tickets", `${what}, ticket`, usageOf(one.usage, "tickets"), times / dashboards),
    ...linesOf("realtime", what, usageOf(one.usage, "realtime"), times / dashboards),
  ];
  const messages = (told.messages / dashboards / slice.seconds) * 3600 * hours;
  return [
    { item: "messages of up to 32 KB", units: messages, of: "socketMessage" },
    { item: "pings and pongs", units: 2 * pings, of: "socketMessage" },
    { item: "subscribing, both ways", units: 2 * connections, of: "socketMessage" },
    { item: "open", units: hours * 60, of: "socketMinute" },
    { item: "tickets", units: connections, of: "httpRequest" },
    ...act(acts.connect, connections, "connecting"),
    ...act(acts.ping, pings, "pinging"),
    ...act(acts.disconnect, connections, "closing"),
    {
      item: "being looked up",
      units: (lookedUp(slice, told) / slice.seconds) * 3600 * hours,
      of: "readUnit",
    },
  ];
}

/** Read units that one more dashboard adds. */
function lookedUp(slice: Slice, told: Told): number {
  const reads = (one: Told) => sumOf(usageOf(one.usage, "broadcast").read);
  const few = slice.audiences.find(({ dashboards }) => dashboards > 0 && dashboards < told.dashboards);
  return few ? (reads(told) - reads(few)) / (told.dashboards - few.dashboards) : 0;
}

/** What the broadcaster costs in a month in which dashboards are open so long, beyond what it costs while nobody listens. */
export function broadcastLines(slice: Slice, told: Told, { hoursADay, days }: Use): Line[] {
  const scale = (hoursADay * days * 3600) / slice.seconds;
  return linesOf("broadcast", "broadcasting", less(usageOf(told.usage, "broadcast"), nobody(slice)), scale);
}

function less(a: Usage, b: Usage): Usage {
  const minus = (of: "read" | "written") =>
    new Map([...a[of]].map(([table, units]) => [table, units - (b[of].get(table) ?? 0)]));
  return {
    calls: a.calls - b.calls,
    billedMs: a.billedMs - b.billedMs,
    read: minus("read"),
    written: minus("written"),
  };
}

/** The share of the time that the broadcaster is awake. */
export function awakeShare(slice: Slice, told: Told): number {
  return gbSecondsOf("broadcast", usageOf(told.usage, "broadcast").billedMs) / slice.seconds;
}
