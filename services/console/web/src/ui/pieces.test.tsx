import { act, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { LanguageProvider } from "../i18n/i18n";
import { Loading } from "./pieces";

afterEach(() => {
  vi.useRealTimers();
});

test("an answer that is long in coming is said to be waited for, to all", () => {
  vi.useFakeTimers();
  render(
    <LanguageProvider zone={undefined} currency={undefined}>
      <Loading>…</Loading>
    </LanguageProvider>,
  );
  expect(screen.getByText("Loading").className).toContain("visually-hidden");
  act(() => vi.advanceTimersByTime(6_000));
  expect(screen.getByText("Still waiting for an answer.").className).not.toContain(
    "visually-hidden",
  );
});
