import { expect, test } from "vitest";
import { readBeat, readTrace } from "./search";

test("what an address says of the beat and of a chain is read, and nothing else", () => {
  expect(readBeat({ kind: "cash", other: 1 })).toEqual({ kind: "cash" });
  expect(readBeat({ kind: "other" })).toEqual({});
  expect(readTrace({ as: "list", step: "e7" })).toEqual({ as: "list", step: "e7" });
  expect(readTrace({ as: "graph", step: 7 })).toEqual({});
});
