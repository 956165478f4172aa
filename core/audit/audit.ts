export { exportPage } from "./export.ts";
export { list } from "./list.ts";
export { auditRow, type Happening, record } from "./write.ts";
