import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { LanguageProvider, translator, useI18n } from "./i18n";
import { en } from "./messages";

test("a right-to-left name in a sentence keeps to itself, and others are as they are", () => {
  const t = translator("en", en);
  expect(t("context.zone", { zone: "מפעל" })).toBe("Times in \u2068מפעל\u2069");
  expect(t("context.zone", { zone: "泵 <b>" })).toBe("Times in 泵 <b>");
});

test("before the company is known neither days nor money are said", () => {
  const { result } = renderHook(() => useI18n(), {
    wrapper: ({ children }) => (
      <LanguageProvider zone={undefined} currency={undefined}>
        {children}
      </LanguageProvider>
    ),
  });
  expect(result.current.t("nav.beat")).toBe("Beat");
  expect(() => result.current.format).toThrow("before the company is known");
});
