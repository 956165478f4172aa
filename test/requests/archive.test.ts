import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { itemOfRequest } from "../../core/requests/stored.ts";
import { FIELDS } from "../../core/requests/view.ts";
import { NUMBERS, QUERIES, TEXTS } from "../../stacks/archive-queries.ts";
import { describeRequest } from "./factory.ts";

test("the archive's table has every field that is shown, each of the type that is stored", () => {
  expect([...TEXTS, ...NUMBERS].sort()).toEqual([...FIELDS].sort());
  const whole = describeRequest({
    error: "TOO_FAR",
    request_data: { payload: 1 },
    response_data: [1],
    client_info: { client_id: "c-1" },
  });
  const item = itemOfRequest(whole, 0);
  for (const name of TEXTS) expect(typeof item[name], name).toBe("string");
  for (const name of NUMBERS) expect(typeof item[name], name).toBe("number");
});

test("its queries ask for fields that there are, and the manual names them", () => {
  const manual = readFileSync(new URL("../../docs/archive.md", import.meta.url), "utf8");
  for (const { name, sql } of QUERIES) {
    expect(manual).toContain(`\`${name}\``);
    for (const [, field, type] of sql.matchAll(/item\.(\w+)\.(\w)/g)) {
      expect(type === "s" ? TEXTS : NUMBERS, `${name}: ${field}`).toContain(field);
    }
  }
});
