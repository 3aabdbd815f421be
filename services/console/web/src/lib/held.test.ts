import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useHeld } from "./held";

test("while it is held a value stays as it was, and then goes on", () => {
  const { result, rerender } = renderHook(({ value, held }) => useHeld(value, held), {
    initialProps: { value: 1, held: false },
  });
  const say = (value: number, held: boolean) => {
    rerender({ value, held });
    return result.current;
  };
  expect([say(2, false), say(3, true), say(4, true), say(5, false)]).toEqual([2, 2, 2, 5]);
});
