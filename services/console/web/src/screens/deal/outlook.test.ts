import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import type { Deal, Fact } from "../../deals/api";
import { lastChain, outlookOf } from "./outlook";

const deal = (status: string, lines = 1) =>
  ({ status, lines: Array.from({ length: lines }) }) as unknown as Deal;
const demand = (...weeks: number[]) =>
  ({
    lines: weeks.map((length) => ({ expected: Array.from({ length }) })),
  }) as unknown as Schemas["DealDemandOut"];

test("nothing expected of a deal has its reason, and what is not known yet is not nothing", () => {
  expect(outlookOf(deal("open"), undefined, null)).toBe("waiting");
  expect(outlookOf(deal("open"), undefined, new Error())).toBe("failed");
  expect(outlookOf(deal("open"), demand(0, 2), new Error())).toBe("in-sight");
  expect(outlookOf(deal("open"), demand(0), null)).toBe("beyond");
  expect(outlookOf(deal("open", 0), demand(), null)).toBe("no-lines");
  for (const status of ["won", "lost"]) {
    expect(outlookOf(deal(status), demand(0), null)).toBe("closed");
  }
});

test("the last chain is that of the latest fact which still has one", () => {
  const facts = [{ kind: "sold" }, { kind: "moved", correlation_id: "c" }, { correlation_id: "b" }];
  expect(lastChain(facts as Fact[])).toBe("c");
  expect(lastChain([])).toBeUndefined();
});
