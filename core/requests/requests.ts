export { exportPage } from "./export.ts";
export { get, list } from "./list.ts";
export { record } from "./record.ts";
export { fieldsOfItem } from "./stored.ts";
