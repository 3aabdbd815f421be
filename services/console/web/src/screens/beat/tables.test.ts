import { expect, test } from "vitest";
import { tableOf as chainsTable } from "./chain-list";
import type { Chain } from "./chains";
import type { TraceStep } from "./graph";
import { tableOf as stepsTable } from "./trace";

test("the chains are saved as they are shown, each part with its milliseconds", () => {
  const chain: Chain = {
    id: "c",
    began: Date.UTC(2026, 10, 24, 9),
    ended: Date.UTC(2026, 10, 24, 9) + 230,
    type: "takt.deal.stage_changed.v1",
    deal: { id: "d", name: "Pumps", from: "one", to: "two" },
    steps: { deal: { count: 1, first: 0, last: 0 }, cash: { count: 2, first: 90, last: 230 } },
  };
  const [head, row] = chainsTable([chain], () => ({ count: 1, first: 300, last: 310 }));
  const shown = Object.fromEntries((head ?? []).map((name, place) => [name, row?.[place]]));
  expect(shown).toMatchObject({
    id: "c",
    began: "2026-11-24T09:00:00.000Z",
    deal: "Pumps",
    deal_ms: 0,
    forecast_ms: undefined,
    cash_ms: 230,
    webhook_ms: 310,
    total_ms: 230,
  });
});

test("the steps of a chain are saved as its list shows them", () => {
  const step = { ms: 7.5, time: "t", type: "y", subject: "s", service: "deals" } as TraceStep;
  expect(stepsTable([step])).toEqual([
    ["ms", "time", "type", "subject", "service"],
    [7.5, "t", "y", "s", "deals"],
  ]);
});
