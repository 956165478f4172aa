import { memoryOf, type World } from "../ctx.ts";
import { putItem, queryPage, type Store } from "../store/index.ts";
import { hourAt, REQUEST_HOURS } from "./items.ts";

const SCOPE = "hours";
const KEY = Symbol("request hours");
/** Hours that a process remembers to have marked: it records in one or two at a time. */
const REMEMBERED = 48;
const DAY_S = 86_400;
/** Hours that are asked for at a time, for one read unit. */
const BATCH = 80;

/** The start of an hour, in milliseconds; NaN for what is none. */
export function startOfHour(hour: string): number {
  return Date.parse(`${hour}:00:00.000Z`);
}

/**
 * Notes that there are requests in the hour of an instant, that of a request's id: one small write for each process and hour, before its
 * first request is recorded, so that no request is ever in an hour that is not noted.
 */
export async function markHour(world: World, ms: number): Promise<void> {
  const marked = memoryOf(world, KEY, () => new Set<string>());
  const hour = hourAt(ms);
  if (marked.has(hour)) return;
  await putItem(world.store, REQUEST_HOURS, {
    scope: SCOPE,
    hour,
    expires_at: Math.floor(ms / 1000) + (world.config.REQUEST_RETENTION_DAYS + 1) * DAY_S,
  });
  if (marked.size >= REMEMBERED) marked.clear();
  marked.add(hour);
}

/** Up to `count` hours that have requests, the newest first, from `from` (inclusive) backwards; fewer when there are no more. */
export type Calendar = (from: string, count: number) => Promise<readonly string[]>;

/** The hours with requests from `newest` to `oldest`, both included; read as they are asked for, each once. */
export function openCalendar(store: Store, newest: string, oldest: string): Calendar {
  const known: string[] = [];
  let isAll = newest < oldest;
  let reading: Promise<void> | undefined;
  const readOn = async () => {
    const { items, next } = await queryPage(store, REQUEST_HOURS, {
      KeyConditionExpression: "#scope = :scope AND #hour BETWEEN :oldest AND :newest",
      ExpressionAttributeNames: { "#scope": "scope", "#hour": "hour" },
      ExpressionAttributeValues: { ":scope": SCOPE, ":oldest": oldest, ":newest": known.at(-1) ?? newest },
      ScanIndexForward: false,
      Limit: BATCH,
      ConsistentRead: true,
    });
    for (const { hour } of items) if (hour !== known.at(-1)) known.push(hour as string);
    isAll = next === undefined;
  };
  return async (from, count) => {
    for (;;) {
      const hours = known.filter((hour) => hour <= from).slice(0, count);
      if (hours.length === count || isAll) return hours;
      reading ??= readOn().finally(() => {
        reading = undefined;
      });
      await reading;
    }
  };
}
