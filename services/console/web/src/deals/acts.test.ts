import { expect, test } from "vitest";
import { formats } from "../i18n/formats";
import { translator } from "../i18n/i18n";
import { en } from "../i18n/messages";
import { zh } from "../i18n/zh-CN";
import { detailWords, whoseWords } from "./acts";
import type { Fact } from "./api";

const english = { t: translator("en", en), format: formats("en-GB", "UTC", "EUR") };
const chinese = { t: translator("zh-CN", zh), format: formats("zh-CN", "UTC", "EUR") };
const named = {
  stage: (code: string) => ({ nego: "Negotiation" })[code],
  account: (id: string) => ({ "0190-a": "Acme" })[id],
  owner: (code: string) => ({ ann: "Ann Lee" })[code],
  region: () => undefined,
};
const changed: Fact = {
  kind: "changed",
  on: "2026-11-29",
  at: "2026-11-29T10:32:00Z",
  by: "ann",
  changes: [
    { field: "price", before: "10", after: "12.5", product: "PUMP" },
    { field: "account_id", before: null, after: "0190-a" },
    { field: "account_id", before: "0190-a", after: "0190-b" },
    { field: "expected_close", before: "2026-12-01", after: null },
  ],
  also_changed: ["manual_probability"],
};

test("a change is told by the names of its fields and of what they hold, never by a key", () => {
  expect(detailWords(changed, named, english)).toEqual([
    "PUMP Price: €10.00 → €12.50",
    "Account: – → Acme",
    "Account",
    "Expected close: 1 Dec 2026 → –",
    "Own probability",
  ]);
  expect(detailWords(changed, named, chinese)[0]).toBe("PUMP 单价: €10.00 → €12.50");
});

test("a change meanwhile is told with who, when and which fields", () => {
  expect(whoseWords(changed, named, english)).toBe(
    "Changed by ann, 29 Nov 2026, 10:32: Price, Account, Expected close, Own probability.",
  );
  const moved: Fact = { kind: "moved", on: "2026-11-29", at: changed.at ?? null, to_stage: "nego" };
  expect(whoseWords(moved, named, english)).toBe(
    "Moved by somebody, 29 Nov 2026, 10:32: Negotiation.",
  );
  expect(whoseWords(null, named, english)).toBe("");
});
