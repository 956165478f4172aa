import { describe, expect, it } from "vitest";
import { LimitExceeded } from "../errors.ts";
import { openGate } from "./gate.ts";

/** Work that ends when it is told to. */
function held() {
  const ends: (() => void)[] = [];
  let running = 0;
  let most = 0;
  return {
    ends,
    most: () => most,
    work: async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
    },
  };
}

describe("the gate", () => {
  it("lets so many run at a time, in the order they came, and all in the end", async () => {
    const gate = openGate(2, 100);
    const { ends, most, work } = held();
    const order: number[] = [];
    const all = Array.from({ length: 20 }, (_, at) =>
      gate.pass(async () => {
        order.push(at);
        await work();
      }),
    );
    for (let at = 0; at < 20; at++) {
      while (ends.length === 0) await new Promise(setImmediate);
      ends.shift()!();
    }
    await Promise.all(all);
    expect(most()).toBe(2);
    expect(order).toEqual(Array.from({ length: 20 }, (_, at) => at));
  });

  it("refuses who finds no place to wait, and lets in again when there is one", async () => {
    const gate = openGate(1, 1);
    const { ends, work } = held();
    const first = gate.pass(work);
    const second = gate.pass(work);
    await expect(gate.pass(work)).rejects.toThrow(LimitExceeded);
    ends.shift()!();
    await first;
    const third = gate.pass(work);
    for (let at = 0; at < 2; at++) {
      while (ends.length === 0) await new Promise(setImmediate);
      ends.shift()!();
    }
    await Promise.all([second, third]);
  });

  it("frees the slot of what fails", async () => {
    const gate = openGate(1, 1);
    await expect(gate.pass(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await expect(gate.pass(async () => 7)).resolves.toBe(7);
  });
});
