import { expect, test } from "vitest";
import { cell, csv } from "./csv";

test("commas, quotes and line ends are quoted", () => {
  expect(csv([['a,"b"', "c\nd", null, 1]])).toBe('"a,""b""","c\nd",,1\r\n');
});

test("what a spreadsheet would run is defused, and negative numbers are not", () => {
  for (const risky of ["=1+1", "+SUM(A1)", "@x", "-2+3", "\tx"]) {
    expect(cell(risky).replaceAll('"', "")).toBe(`'${risky}`);
  }
  expect(cell("-12.50")).toBe("-12.50");
  expect(cell("泵 2,0")).toBe('"泵 2,0"');
});
