/** What a browser on one of ARX_CORS_ORIGINS may send and read; API Gateway answers preflights with the same in the stacks. */
export const CORS = {
  methods: ["GET", "POST", "PUT", "DELETE"],
  requestHeaders: [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "traceparent",
    "x-request-id",
  ],
  exposedHeaders: [
    "ETag",
    "Link",
    "X-Request-Id",
    "Location",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
    "X-Export-Complete",
  ],
  maxAgeS: 600,
} as const;
