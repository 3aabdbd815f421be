import { afterEach, expect, test, vi } from "vitest";
import { copyText, fillIn, randomUuid } from "./plain-http";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("without crypto.randomUUID ids are made all the same, each its own", () => {
  const { getRandomValues } = crypto;
  vi.stubGlobal("crypto", { getRandomValues: getRandomValues.bind(crypto) });
  fillIn();
  const ids = Array.from({ length: 100 }, () => crypto.randomUUID());
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(new Set(ids).size).toBe(100);
});

test("what the browser has is left as it is", () => {
  const before = crypto.randomUUID;
  fillIn();
  expect(crypto.randomUUID).toBe(before);
  expect(before).not.toBe(randomUuid);
});

test("without a clipboard a selection is copied, and no trace of it stays", async () => {
  vi.stubGlobal("navigator", {});
  let selected = "";
  document.execCommand = () => {
    selected = (document.activeElement as HTMLTextAreaElement).value;
    return true;
  };
  expect(await copyText("{}")).toBe(true);
  expect(selected).toBe("{}");
  expect(document.querySelector("textarea")).toBeNull();
});
