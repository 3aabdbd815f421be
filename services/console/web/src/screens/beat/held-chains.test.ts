import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Chain } from "./chains";
import { heldChains, useHeldChains } from "./held-chains";

const chain = (id: string, ended = 0) => ({ id, ended, steps: {} }) as unknown as Chain;
const ids = (chains: readonly Chain[]) => chains.map(({ id }) => id);

test("what is held goes on by itself, stays when it is no longer kept, and new ones wait", () => {
  const held = [chain("b"), chain("a")];
  const { rows, waiting } = heldChains(held, [chain("d"), chain("c"), chain("b", 9)]);
  expect(rows).toEqual([chain("b", 9), chain("a")]);
  expect(ids(waiting)).toEqual(["d", "c"]);
});

function list(first: readonly Chain[]) {
  const { result, rerender } = renderHook(({ chains }) => useHeldChains(chains), {
    initialProps: { chains: first },
  });
  const element = document.createElement("div");
  return {
    shown: () => ids(result.current.rows),
    come: (chains: readonly Chain[]) => rerender({ chains }),
    on: (how: "onPointerOver" | "onPointerLeave" | "onFocus") =>
      act(() => result.current.on[how]()),
    blur: () =>
      act(() => result.current.on.onBlur({ currentTarget: element, relatedTarget: null } as never)),
    release: () => act(() => result.current.release()),
  };
}

test("under load every held row stays, however many come", () => {
  const page = list([chain("a")]);
  page.on("onPointerOver");
  page.come(Array.from({ length: 100 }, (_, number) => chain(`n${number}`)));
  expect(page.shown()).toEqual(["a"]);
  page.on("onPointerLeave");
  expect(page.shown()).toHaveLength(100);
});

test("the pointer that leaves does not let go while the focus is inside", () => {
  const page = list([chain("a")]);
  page.on("onFocus");
  page.on("onPointerOver");
  page.come([chain("b"), chain("a")]);
  page.on("onPointerLeave");
  expect(page.shown()).toEqual(["a"]);
  page.blur();
  expect(page.shown()).toEqual(["b", "a"]);
});

test("who asks for the new ones sees them, and holds those from the next move on", () => {
  const page = list([chain("a")]);
  page.on("onPointerOver");
  page.come([chain("b"), chain("a")]);
  page.release();
  expect(page.shown()).toEqual(["b", "a"]);
  page.on("onPointerOver");
  page.come([chain("c"), chain("b"), chain("a")]);
  expect(page.shown()).toEqual(["b", "a"]);
});

test("an empty list does not hold back its first chain", () => {
  const page = list([]);
  page.on("onPointerOver");
  page.come([chain("a")]);
  expect(page.shown()).toEqual(["a"]);
});
