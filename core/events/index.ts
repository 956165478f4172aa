export * as Events from "./events.ts";
export {
  type Change,
  type Draft,
  EVENT_TYPES,
  type Event,
  type EventType,
  type Fact,
  type LogEntry,
} from "./types.ts";
