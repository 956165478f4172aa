import type { StateChange } from "../../client/index.ts";
import { about } from "./about.ts";
import { type Paint, plain } from "./paint.ts";

/** What is shown of an event. */
export interface Shown {
  readonly type: string;
  readonly at: string;
  readonly data: unknown;
}

const WIDTH = "node_health_updated".length;

/** An event as a line: when (UTC), what, and of whom in words. */
export function lineOf({ type, at, data }: Shown, paint: Paint): string {
  const time = /T(\d\d:\d\d:\d\d\.\d{3})\d*Z$/.exec(at)?.[1];
  const words = about(type, data as Readonly<Record<string, unknown>>, paint);
  return `${paint("dim", time ?? plain(at))}  ${paint("cyan", plain(type).padEnd(WIDTH))}  ${words}`.trimEnd();
}

/** How the connection does, as a line; undefined for what nobody needs to know, or is told at the end. */
export function stateLine(change: StateChange, paint: Paint): string | undefined {
  switch (change.state) {
    case "live":
      return paint("green", "following");
    case "paused":
      return paint("yellow", "behind: what is read here comes slower than the events");
    case "waiting":
      return paint(
        "yellow",
        `${plain(change.cause.message)} Again in ${(change.pauseMs / 1000).toFixed(1)} s.`,
      );
    case "connecting":
    case "closed":
      return undefined;
  }
}
