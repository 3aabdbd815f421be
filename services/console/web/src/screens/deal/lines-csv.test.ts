import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { linesCsv } from "./lines-csv";

test("margin and value are of the whole line, as the page shows them", () => {
  const lines = [
    {
      line_id: "l",
      product: "PUMP",
      name: "Pump",
      unit: "each",
      quantity: "3",
      price: "0.1",
      list_price: "0.2",
      discount: "0.5",
      floor: { price: "0.15", rule: "r", role: "lead" },
      inside: false,
      approved: true,
      margin: "-0.05",
      margin_share: "-0.5",
    },
    { line_id: "m", product: "SEAL", name: "Seal", quantity: "2", price: "5", margin: null },
  ] as unknown as Schemas["LinePriceOut"][];
  const [head, pump, seal] = linesCsv({ lines, currency: "EUR" }, new Map([["l", "2026-12-24"]]))
    .split("\r\n")
    .map((row) => row.split(","));
  const of = (row: string[] | undefined, name: string) => row?.[head?.indexOf(name) ?? -1];
  expect([of(pump, "margin"), of(pump, "value"), of(pump, "floor")]).toEqual([
    "-0.15",
    "0.3",
    "0.15",
  ]);
  expect([of(pump, "requested_date"), of(pump, "approved")]).toEqual(["2026-12-24", "true"]);
  expect([of(seal, "margin"), of(seal, "value"), of(seal, "currency")]).toEqual(["", "10", "EUR"]);
});
