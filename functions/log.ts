import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../core/ctx.ts";

/** Structured logs in the form that CloudWatch and its Insights read. */
export function openLog(service: string): Log {
  const logger = new Logger({ serviceName: service });
  return {
    info: (message, fields = {}) => logger.info(message, { ...fields }),
    warn: (message, fields = {}) => logger.warn(message, { ...fields }),
    error: (message, fields = {}) => logger.error(message, { ...fields }),
  };
}
