import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { pageWith, Service } from "../../testing-page";
import { TextFilter } from "./filters-bar";

beforeEach(() => void new Service());

function filter() {
  const onText = vi.fn();
  const { Page } = pageWith();
  const shown = (text: string) => (
    <Page>
      <TextFilter text={text} onText={onText} />
    </Page>
  );
  const { rerender } = render(shown(""));
  const field = screen.getByRole<HTMLInputElement>("searchbox");
  return { onText, field, address: (text: string) => rerender(shown(text)) };
}

test("what is typed stands at once, however late the address follows", async () => {
  const { onText, field, address } = filter();
  await userEvent.type(field, "pum");
  expect(field.value).toBe("pum");
  address("p");
  expect(field.value).toBe("pum");
  await userEvent.type(field, "p");
  address("pump");
  expect(field.value).toBe("pump");
  expect(onText.mock.calls.flat()).toEqual(["p", "pu", "pum", "pump"]);
});

test("a word that is being composed is handed on when it is done", () => {
  const { onText, field } = filter();
  fireEvent.compositionStart(field);
  fireEvent.change(field, { target: { value: "b" } });
  fireEvent.change(field, { target: { value: "beng" } });
  expect(field.value).toBe("beng");
  expect(onText).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: "泵" } });
  fireEvent.compositionEnd(field);
  expect(onText.mock.calls).toEqual([["泵"]]);
});

test("another address, such as a saved view's, is shown", async () => {
  const { field, address } = filter();
  await userEvent.type(field, "p");
  address("p");
  address("valve");
  expect(field.value).toBe("valve");
});

test("what never came back in the address does not hide it when somebody else writes it there", async () => {
  const { field, address } = filter();
  await userEvent.type(field, "p{Backspace}");
  await userEvent.tab();
  address("p");
  expect(field.value).toBe("p");
});
