export { ATTEMPTS } from "./backoff.ts";
export { type Delivered, deliver, type Receipt } from "./deliver.ts";
export { fanOut } from "./fan-out.ts";
export { create, get, list, MOST_WEBHOOKS, remove, rotateSecret, update } from "./manage.ts";
export { type Noted, note } from "./note.ts";
export { TEST_TYPE, test } from "./try-out.ts";
