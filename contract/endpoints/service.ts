import * as z from "zod/mini";
import { endpoint } from "../endpoint.ts";

const none = z.object({});
const database = z.object({ connected: z.boolean() });

export const service = {
  getService: endpoint({
    method: "GET",
    path: "/",
    domain: "service",
    who: ["anyone"],
    summary: "What this is, and where to go on",
    input: none,
    output: z.object({ service: z.string(), version: z.string(), links: z.record(z.string(), z.string()) }),
    status: [200],
  }),
  getHealth: endpoint({
    method: "GET",
    path: "/health",
    domain: "service",
    who: ["anyone"],
    summary: "Whether the service and its store answer; 503 when the store does not",
    input: none,
    output: z.object({
      status: z.enum(["healthy", "unhealthy"]),
      service: z.string(),
      version: z.string(),
      database,
      uptime_seconds: z.number(),
    }),
    status: [200, 503],
  }),
  getHealthV1: endpoint({
    method: "GET",
    path: "/api/v1/health",
    domain: "service",
    who: ["anyone"],
    summary: "Whether the service and its store answer; 503 when the store does not",
    input: none,
    output: z.object({
      status: z.enum(["healthy", "unhealthy"]),
      service: z.string(),
      version: z.string(),
      timestamp: z.string(),
      database,
    }),
    status: [200, 503],
  }),
  getOpenApi: endpoint({
    method: "GET",
    path: "/api/v1/openapi.json",
    domain: "service",
    who: ["anyone"],
    summary: "This contract, as OpenAPI 3.1",
    input: none,
    output: z.record(z.string(), z.unknown()),
    status: [200],
  }),
  getDocs: endpoint({
    method: "GET",
    path: "/docs",
    domain: "service",
    who: ["anyone"],
    summary: "This contract, as a page to read and try",
    input: none,
    output: z.string(),
    status: [200],
    contentType: "text/html; charset=utf-8",
  }),
};
