import { expect, test } from "vitest";
import { shareOf } from "./share";

test("per cent becomes an exact share of one", () => {
  const cases = {
    "62.5": "0.625",
    "0": "0",
    "100": "1",
    "7 %": "0.07",
    "33,3333": "0.333333",
    "10": "0.1",
  };
  for (const [text, share] of Object.entries(cases))
    expect([text, shareOf(text)]).toEqual([text, share]);
});

test("what is no share of one is refused", () => {
  for (const text of ["", "-1", "101", "100.1", "abc", "1e2"]) expect(shareOf(text)).toBeNull();
});
