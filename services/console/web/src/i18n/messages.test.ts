import { type MessageFormatElement, parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { expect, test } from "vitest";
import "../screens/forecast/words";
import { en } from "./messages";
import { zh } from "./zh-CN";

// Every source file as text, so that what is said can be held against what is used.
const sources = Object.entries(
  import.meta.glob<string>("../**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true }),
)
  .filter(([path]) => !path.includes(".test."))
  .map(([, text]) => text)
  .join("\n");

function holes(message: string): string[] {
  const found = new Set<string>();
  const walk = (elements: MessageFormatElement[]) => {
    for (const element of elements) {
      if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
      found.add(element.value);
      if (element.type === TYPE.plural || element.type === TYPE.select) {
        for (const option of Object.values(element.options)) walk(option.value);
      }
    }
  };
  walk(parse(message));
  return [...found].sort();
}

test("both languages say the same messages, with the same values in them", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [key, message] of Object.entries(en)) {
    expect([key, holes(zh[key as keyof typeof en])]).toEqual([key, holes(message)]);
  }
});

test("nothing is said in Chinese that is still English", () => {
  const names = /^[\s\d{}%:.,/()-]*$/;
  const same = Object.entries(en).filter(([key, message]) => {
    const other = zh[key as keyof typeof en];
    return other === message && !names.test(message.replaceAll(/\{[^}]*\}/g, ""));
  });
  expect(same).toEqual([]);
});

test("no message is unused, and no used one is missing", () => {
  // Keys are written whole, or as a template whose beginning is fixed: t(`theme.${id}`).
  const templates = [...sources.matchAll(/`([a-z][a-z.-]*[.-])\$\{/g)].map(
    ([, start]) => start ?? "",
  );
  const unused = Object.keys(en).filter(
    (key) => !sources.includes(`"${key}"`) && !templates.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
  const used = [...sources.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key]) => key ?? "");
  expect(used.filter((key) => !(key in en))).toEqual([]);
});
