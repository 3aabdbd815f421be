import { expect, test } from "vitest";
import { attemptsOf } from "./attempts";
import type { TraceStep } from "./graph";

const step = (type: string, ms: number, data: object = {}) => ({ type, ms, data }) as TraceStep;

test("the attempts of a chain are counted with their milliseconds and how many delivered", () => {
  const steps = [
    step("takt.deal.stage_changed.v1", 0),
    step("takt.webhook.attempt", 240, { status: 500 }),
    step("takt.webhook.attempt", 180, { status: null, error: "no answer" }),
    step("takt.webhook.attempt", 5_300, { status: 204 }),
  ];
  expect(attemptsOf({ steps })).toEqual({ count: 3, first: 180, last: 5_300, delivered: 1 });
});

test("a chain that told nobody has none", () => {
  expect(attemptsOf({ steps: [step("takt.deal.stage_changed.v1", 0)] })).toBeNull();
});
