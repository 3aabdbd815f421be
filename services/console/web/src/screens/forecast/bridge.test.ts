import { expect, test } from "vitest";
import { decimal, minus, sum } from "../../lib/amount";
import { bridgeOf, type Part } from "./bridge";
import { wordsOf } from "./part-words";
import { scaleOf } from "./why";

const part = (kind: string, quantity: string, deal?: object) =>
  ({ kind, quantity, value: quantity, weeks: [], ...(deal && { deal }) }) as unknown as Part;
const deal = (id: number, quantity: string, change: string) =>
  part("deal", quantity, { deal_id: `${id}`, name: `D${id}`, change, stage_after: "offer" });

test("the steps lead from one version to the other, the largest first, and none is lost", () => {
  // A generator of its own, so that a failure can be had again.
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let run = 0; run < 100; run += 1) {
    const changes = ["moved", "won", "aged"];
    const parts = Array.from({ length: next(30) }, (_, id) =>
      deal(id, decimal(BigInt(next(2_000_001) - 1_000_000)), changes[next(3)] ?? ""),
    );
    const before = decimal(BigInt(next(9_000_000)));
    const after = sum([before, ...parts.map((one) => one.quantity)]);
    for (const told of [3, 9, Number.POSITIVE_INFINITY]) {
      const steps = bridgeOf({ before, after, parts }, told);
      expect(steps[0]?.from ?? after).toBe(before);
      expect(steps.at(-1)?.to ?? before).toBe(after);
      for (const step of steps) expect(minus(step.to, step.from)).toBe(step.quantity);
      const moving = parts.filter((one) => one.quantity !== "0").length;
      expect(steps.reduce((count, step) => count + step.parts, 0)).toBe(moving);
      expect(steps.length).toBeLessThanOrEqual(told + 1);
    }
  }
});

test("parts that do not sum to the difference are not drawn as if they did", () => {
  expect(() => bridgeOf({ before: "1", after: "3", parts: [part("model", "1")] })).toThrow(
    RangeError,
  );
});

test("deals that nobody touched are one step, and a price alone is none", () => {
  const parts = [
    deal(1, "2", "aged"),
    deal(2, "-0.5", "aged"),
    deal(3, "1", "moved"),
    part("price", "0"),
  ];
  const steps = bridgeOf({ before: "10", after: "12.5", parts });
  expect(steps.map(({ of, parts, quantity }) => [of, parts, quantity])).toEqual([
    ["aged", 2, "1.5"],
    ["one", 1, "1"],
  ]);
});

test("a reason that came after this page was made is called by its code", () => {
  const step = bridgeOf({ before: "0", after: "1", parts: [part("override", "1")] })[0];
  expect(step && wordsOf(step, (key) => key, String)).toBe("override");
});

test("bars begin at zero unless that would hide the steps", () => {
  expect(scaleOf([100, 20])).toEqual([0, 100]);
  const [low, high] = scaleOf([1000, 1010]);
  expect([low > 900 && low < 1000, high]).toEqual([true, 1010]);
  expect(scaleOf([0, 0])).toEqual([0, 0]);
});
