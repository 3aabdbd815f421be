import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { pageWith } from "../testing-page";
import { notifyDone, useUndoKey } from "./undo";

function Screen() {
  useUndoKey();
  return <input aria-label="Name" />;
}

function open() {
  const { Page } = pageWith();
  return render(
    <Page>
      <Screen />
    </Page>,
  );
}
const back = (run = vi.fn<() => void>()) => ({ name: "Undo", run });
const key = () => userEvent.keyboard("{Control>}z{/Control}");

test("Ctrl Z takes back what was done last, once, and its message goes", async () => {
  open();
  const [first, second] = [back(), back()];
  notifyDone({ title: "One" }, first);
  notifyDone({ title: "Two" }, second);
  await key();
  await key();
  expect(second.run).toHaveBeenCalledOnce();
  expect(first.run).not.toHaveBeenCalled();
  expect(screen.queryByText("Two")).toBeNull();
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(first.run).toHaveBeenCalledOnce();
});

test("what has no way back leaves nothing to Ctrl Z", async () => {
  open();
  const one = back();
  notifyDone({ title: "One" }, one);
  notifyDone({ title: "Won" }, null);
  await key();
  expect(one.run).not.toHaveBeenCalled();
});

test("Ctrl Z takes nothing back where somebody writes, nor on another screen", async () => {
  const screenOf = open();
  const one = back();
  notifyDone({ title: "One" }, one);
  await userEvent.type(screen.getByLabelText("Name"), "x");
  await key();
  screenOf.unmount();
  open();
  await key();
  expect(one.run).not.toHaveBeenCalled();
});
