import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { pageWith, Service } from "../../testing-page";
import type { Card } from "./cards";
import { InPlace } from "./in-place";

const card = { id: "1", name: "Pumps", expected_close: "2026-12-01", sequence: 4 } as Card;
const line = { id: "l", product: "PUMP", quantity: "3", price: "10", requested_date: null };

let service: Service;
beforeEach(() => {
  service = new Service();
});

function edit(field: "price" | "expected_close") {
  const acts = { onSave: vi.fn(), onWhole: vi.fn(), onClose: vi.fn() };
  const { Page } = pageWith();
  const place = { current: document.body };
  render(
    <Page>
      <InPlace editing={{ card, field, place }} {...acts} />
    </Page>,
  );
  return acts;
}

test("a date has the focus at once, and Enter saves it", async () => {
  const { onSave } = edit("expected_close");
  const field = await screen.findByLabelText("Expected close");
  expect(document.activeElement).toBe(field);
  await userEvent.clear(field);
  await userEvent.type(field, "2026-12-24");
  await userEvent.keyboard("{Enter}");
  expect(onSave.mock.calls).toEqual([
    [{ field: "expected_close", value: "2026-12-24", sequence: 4 }],
  ]);
});

test("Escape gives up, and what is as it was is not saved", async () => {
  const { onSave, onClose } = edit("expected_close");
  await screen.findByLabelText("Expected close");
  await userEvent.keyboard("{Enter}");
  await userEvent.keyboard("{Escape}");
  expect(onSave).not.toHaveBeenCalled();
  expect(onClose).toHaveBeenCalledTimes(2);
});

test("a price tells what it makes, and is saved under the version in which it was read", async () => {
  const deal = { id: "1", sequence: 6, lines: [line] };
  service.on("GET /v1/deals/1", deal);
  const { onSave } = edit("price");
  const field = await screen.findByLabelText("Price a unit (EUR)");
  await userEvent.clear(field);
  await userEvent.type(field, "x");
  await userEvent.keyboard("{Enter}");
  expect(onSave).not.toHaveBeenCalled();
  await userEvent.clear(field);
  await userEvent.type(field, "12.5");
  expect(screen.getByText(/× 3 = .*37\.50/)).toBeTruthy();
  await userEvent.keyboard("{Enter}");
  expect(onSave.mock.calls).toEqual([[{ field: "price", value: "12.5", sequence: 6, deal }]]);
});

test("a deal of several lines is edited whole", async () => {
  service.on("GET /v1/deals/1", { id: "1", sequence: 6, lines: [line, { ...line, id: "m" }] });
  const { onWhole } = edit("price");
  await waitFor(() => expect(onWhole).toHaveBeenCalled());
});
