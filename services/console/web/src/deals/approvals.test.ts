import { expect, test } from "vitest";
import type { Refusal } from "../api/client";
import { approvalsMissing, approvalsOf } from "./approvals";

const rules = [
  { code: "floor", role: "sales-lead" },
  { code: "floor-2", role: "director" },
  { code: "cap", role: "pricing" },
  { code: "terms", role: "finance" },
];
const offers = ["a", "b", "c"].map((line_id) => ({
  line_id,
  product: "PUMP",
  quantity: "1",
  price: "2",
}));
const refusal = (reason: string, field: string, rule: string): Refusal => ({
  reason,
  field,
  value: "2",
  remedy: `Ask for another, or have somebody approve it (rule ${rule}).`,
});

test("only the refused lines are approved, each by the role of the rule that it breaks", () => {
  expect(
    approvalsOf(
      [
        refusal("below-floor", "lines[1].price", "floor"),
        refusal("below-floor", "lines[1].price", "floor-2"),
        refusal("above-ceiling", "lines[2].price", "cap"),
      ],
      rules,
      offers,
    ),
  ).toEqual([
    { role: "sales-lead", offers: [offers[1]] },
    { role: "director", offers: [offers[1]] },
    { role: "pricing", offers: [offers[2]] },
  ]);
});

test("terms are approved for all lines, and one role approves once", () => {
  expect(
    approvalsOf(
      [
        refusal("below-floor", "lines[0].price", "terms"),
        refusal("payment-too-late", "payment_days", "terms"),
      ],
      rules,
      offers,
    ),
  ).toEqual([{ role: "finance", offers }]);
});

test("what no known rule or line is about approves nothing", () => {
  expect(approvalsOf([refusal("below-floor", "lines[0].price", "gone")], rules, offers)).toEqual(
    [],
  );
  expect(approvalsOf([refusal("field-missing", "account", "floor")], rules, offers)).toEqual([]);
});

test("what a stage asks for is approved as it stands", () => {
  const missing = { reason: "approval-missing", field: "approvals", value: "legal", remedy: "" };
  expect(approvalsMissing([missing, refusal("below-floor", "lines[0].price", "floor")])).toEqual([
    { role: "legal", offers: null },
  ]);
});
