import { type Paint, plain, status } from "./paint.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An event's `data` in words. What is missing in it is left out, so that events of any version can be shown. */
export function about(type: string, data: Fields, paint: Paint): string {
  const words = Object.hasOwn(WORDS, type) ? WORDS[type]! : otherwise;
  return words(data, paint).filter(Boolean).join("  ");
}

const WORDS: Readonly<Record<string, (data: Fields, paint: Paint) => string[]>> = {
  node_registered: node,
  node_created: node,
  node_updated: node,
  node_deleted: (data, paint) => [nameOf(data, paint)],
  node_activated: named,
  node_deactivated: named,
  node_draining: named,
  node_discovered: (data, paint) => {
    const { lat, lng } = (data.location ?? {}) as Fields;
    return [nameOf(data, paint), position(lat, lng), textOf(data.endpoint)];
  },
  node_health_updated: (data, paint) => [
    ...named(data, paint),
    amount("cpu ", data.cpu_usage, "%"),
    amount("memory ", data.memory_usage, "%"),
    amount("", data.active_connections, " connections"),
  ],
  route_request: (data, paint) => [
    `${position(data.coordinates_y, data.coordinates_x)} → ${target(data.selected_node_id, paint)}`,
    amount("", data.distance, " km"),
    status(paint, data.status),
    request(data, paint),
  ],
  request_completed: (data, paint) => [
    `→ ${target(data.selected_node, paint)}`,
    amount("", data.distance, " km"),
    status(paint, data.status),
    amount("in ", data.response_time_ms, " ms"),
    request(data, paint),
  ],
  snapshot_required: (data, paint) => [
    paint("yellow", `events before this are gone (${plain(data.reason)})`),
    Array.isArray(data.snapshot) ? `read ${data.snapshot.map((path) => plain(path)).join(" and ")}` : "",
  ],
};

function node(data: Fields, paint: Paint): string[] {
  return [...named(data, paint), position(data.lat, data.lng), textOf(data.endpoint)];
}

function named(data: Fields, paint: Paint): string[] {
  return [nameOf(data, paint), data.status === undefined ? "" : status(paint, data.status)];
}

/** `Zurich 1 (zurich-1)`; the id alone for a node that has no other name. */
function nameOf(data: Fields, paint: Paint): string {
  const id = plain(data.id ?? data.node_id);
  const name = textOf(data.name);
  return name === "" || name === id ? paint("bold", id) : `${paint("bold", name)} ${paint("dim", `(${id})`)}`;
}

function target(id: unknown, paint: Paint): string {
  return typeof id === "string" ? paint("bold", plain(id)) : paint("red", "no node");
}

function request(data: Fields, paint: Paint): string {
  return data.request_id === undefined ? "" : paint("dim", plain(data.request_id));
}

/** Degrees of latitude and longitude, to some ten metres. */
function position(lat: unknown, lng: unknown): string {
  return typeof lat === "number" && typeof lng === "number" ? `${lat.toFixed(4)},${lng.toFixed(4)}` : "";
}

function amount(before: string, value: unknown, after: string): string {
  return typeof value === "number" ? `${before}${Math.round(value * 10) / 10}${after}` : "";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? plain(value) : "";
}

function otherwise(data: Fields): string[] {
  return [plain(data, 200)];
}
