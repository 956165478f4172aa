export { issue } from "./issue.ts";
export { jwks } from "./jwks.ts";
export { rotate } from "./rotate.ts";
export { verify } from "./verify.ts";
