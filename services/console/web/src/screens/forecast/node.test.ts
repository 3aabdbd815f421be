import { expect, test } from "vitest";
import { below, childrenOf, covers, isSeries, partsOf, reaches, unitOf } from "./node";

const product = (code: string, family: string | null, unit: string) => ({
  code,
  name: code,
  family,
  unit,
});
const region = (code: string, parent: string | null) => ({ code, name: code, parent });
const catalog = {
  products: [
    product("P1", "Pumps", "each"),
    product("P2", "Pumps", "each"),
    product("V1", "Valves", "kg"),
  ],
  regions: [region("EMEA", null), region("DACH", "EMEA"), region("US", null)],
};

test("a product in a region without regions in it is a series", () => {
  expect(isSeries({ product: "P1", region: "DACH" }, catalog)).toBe(true);
  expect(isSeries({ product: "P1", region: "EMEA" }, catalog)).toBe(false);
  expect(isSeries({ product: "P1" }, catalog)).toBe(false);
});

test("a node covers the series of its products and of all regions in its region", () => {
  const pumps = covers({ family: "Pumps", region: "EMEA" }, catalog);
  expect([
    pumps("P1", "DACH"),
    pumps("P1", "EMEA"),
    pumps("P1", "US"),
    pumps("V1", "DACH"),
  ]).toEqual([true, true, false, false]);
  expect(covers({}, catalog)("anything", "anywhere")).toBe(true);
});

test("units are named where all products have the same", () => {
  expect(unitOf({ family: "Pumps" }, catalog)).toBe("each");
  expect(unitOf({ product: "V1" }, catalog)).toBe("kg");
  expect(unitOf({}, catalog)).toBe("mixed");
});

test("one goes down from all to a family, a product and a region, and from region to region", () => {
  expect(partsOf({}, catalog)).toEqual(["family", "region"]);
  expect(partsOf({ family: "Pumps", region: "DACH" }, catalog)).toEqual(["product"]);
  expect(partsOf({ product: "P1", region: "DACH" }, catalog)).toEqual([]);
  const sums = [null, "EMEA", "DACH", "US"].map((code) => ({ product: null, region: code }));
  const codes = (node: object) =>
    childrenOf(sums, node, "region", catalog).map((one) => one.region);
  expect(codes({})).toEqual(["EMEA", "US"]);
  expect(codes({ region: "EMEA" })).toEqual(["DACH"]);
  expect(below({ region: "US" }, "family", { product: "Pumps", region: null })).toEqual({
    family: "Pumps",
    region: "US",
  });
  expect(below({}, "family", { product: null, region: null })).toBeNull();
});

test("a signal reaches what lies in its scope, and all that its scope lies in", () => {
  const reach = (signal: object, node: object) => reaches(signal, node, catalog);
  expect(reach({}, { product: "P1", region: "DACH" })).toBe(true);
  expect(reach({ family: "Pumps" }, { product: "P1" })).toBe(true);
  expect(reach({ family: "Valves" }, { product: "P1" })).toBe(false);
  expect(reach({ family: "Valves" }, {})).toBe(true);
  expect(reach({ product: "P1" }, { family: "Pumps" })).toBe(true);
  expect(reach({ product: "V1" }, { family: "Pumps" })).toBe(false);
  expect(reach({ region: "EMEA" }, { region: "DACH" })).toBe(true);
  expect(reach({ region: "DACH" }, { region: "EMEA" })).toBe(true);
  expect(reach({ region: "US" }, { region: "EMEA" })).toBe(false);
});
