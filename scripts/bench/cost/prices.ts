/**
 * Dollars for a million, in us-east-1: AWS's published prices on demand, without the free tier. What is not here is not in the sheet, and
 * `docs/costs.md` names it.
 */
export const PRICE = {
  readUnit: 0.125,
  writeUnit: 0.625,
  httpRequest: 1,
  lambdaRequest: 0.2,
  /** Lambda on arm64. */
  gbSecond: 13.33,
  /** Of up to 32 KB, in either direction. */
  socketMessage: 1,
  /** A minute that a WebSocket is open: https://aws.amazon.com/api-gateway/pricing/, "Connection minutes". */
  socketMinute: 0.25,
  queueRequest: 0.4,
} as const;

export type Priced = keyof typeof PRICE;

/** What a unit is called in the sheet. */
export const UNIT: Readonly<Record<Priced, string>> = {
  readUnit: "RRU",
  writeUnit: "WRU",
  httpRequest: "HTTP API requests",
  lambdaRequest: "Lambda requests",
  gbSecond: "GB-s",
  socketMessage: "WebSocket messages",
  socketMinute: "connection minutes",
  queueRequest: "SQS requests",
};

/** A month of 30 days. */
export const DAYS_A_MONTH = 30;
export const SECONDS_A_MONTH = DAYS_A_MONTH * 86_400;
