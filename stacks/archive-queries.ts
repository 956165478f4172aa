/** A query that is there to begin with; a new one is made by changing it. */
export interface ArchiveQuery {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

/** A stored request's attributes that are text, those of any shape as JSON. */
export const TEXTS = [
  "id",
  "request_id",
  "client_id",
  "geohash",
  "selected_node_id",
  "status",
  "error",
  "request_data",
  "response_data",
  "metadata",
  "client_info",
  "processing_metrics",
  "created_at",
];
/** Those that are numbers. */
export const NUMBERS = ["coordinates_x", "coordinates_y", "distance", "load_score", "response_time_ms"];

/** The requests of the newest export, under their own names. An export is whole, so that reading two of them would count twice. */
const NEWEST = `WITH exported AS (
  SELECT item, regexp_extract("$path", 'AWSDynamoDB/([^/]+)/data/', 1) AS export FROM requests WHERE item.id.s IS NOT NULL
), request AS (
  SELECT
    item.id.s AS id,
    item.status.s AS status,
    item.error.s AS error,
    item.selected_node_id.s AS node_id,
    item.client_id.s AS client_id,
    item.geohash.s AS geohash,
    CAST(item.distance.n AS double) AS distance_km,
    CAST(item.response_time_ms.n AS double) AS response_time_ms,
    from_iso8601_timestamp(item.created_at.s) AS created_at,
    item.request_data.s AS request_data,
    item.response_data.s AS response_data,
    item.metadata.s AS metadata
  FROM exported
  WHERE export = (SELECT max(export) FROM exported)
)`;

export const QUERIES: readonly ArchiveQuery[] = [
  {
    name: "requests-by-node-and-day",
    description: "How many requests each node got a day, how many failed, and how long they took",
    sql: `${NEWEST}
SELECT
  date(created_at) AS day,
  node_id,
  count(*) AS requests,
  count_if(status = 'failed') AS failed,
  approx_percentile(response_time_ms, 0.5) AS p50_ms,
  approx_percentile(response_time_ms, 0.95) AS p95_ms,
  approx_percentile(response_time_ms, 0.99) AS p99_ms
FROM request
GROUP BY 1, 2
ORDER BY 1 DESC, 3 DESC`,
  },
  {
    name: "requests-sent-far-or-refused",
    description: "Cells whose clients found no node near: a node there would have helped most",
    sql: `${NEWEST}
SELECT
  substr(geohash, 1, 4) AS cell,
  count_if(status = 'rejected') AS refused,
  count_if(distance_km > 50) AS sent_far,
  max(distance_km) AS farthest_km,
  count(*) AS requests
FROM request
GROUP BY 1
HAVING count_if(status = 'rejected' OR distance_km > 50) > 0
ORDER BY count_if(status = 'rejected' OR distance_km > 50) DESC
LIMIT 100`,
  },
  {
    name: "requests-of-a-client",
    description: "All that a client asked for, newest first: put its id in place of client-7",
    sql: `${NEWEST}
SELECT id, created_at, status, error, node_id, distance_km, response_time_ms, json_extract(request_data, '$.payload') AS payload
FROM request
WHERE client_id = 'client-7'
ORDER BY created_at DESC
LIMIT 1000`,
  },
];
