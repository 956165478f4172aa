export { JWKS_MAX_AGE_S } from "./ring.ts";
export type { Rotation } from "./rotate.ts";
export * as Tokens from "./tokens.ts";
export type { AccessClaims } from "./verify.ts";
