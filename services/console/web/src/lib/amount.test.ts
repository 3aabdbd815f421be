import { expect, test } from "vitest";
import { decimal, micros, minus, sum, times } from "./amount";

test("sums are exact where floats are not", () => {
  expect(sum(["0.1", "0.2"])).toBe("0.3");
  expect(sum(["999999999999.999999", "0.000001"])).toBe("1000000000000");
  expect(sum([])).toBe("0");
});

test("a decimal survives the way there and back", () => {
  for (const text of ["0", "-0.000001", "12.5", "-123456789012.000001"]) {
    expect(decimal(micros(text))).toBe(text);
  }
});

test("what is no decimal is refused, not read as zero", () => {
  for (const text of ["", "1e3", "NaN", "1,5", "--1", "1.1234567"]) {
    expect(() => micros(text)).toThrow(RangeError);
  }
});

test("products round half up, away from zero", () => {
  expect(times("0.5", "0.000001")).toBe("0.000001");
  expect(times("-0.5", "0.000001")).toBe("-0.000001");
  expect(times("1190.98", "2")).toBe("2381.96");
  expect(minus("1", "2.5")).toBe("-1.5");
});
