import { render, screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Deal } from "../../deals/api";
import { pageWith, Service } from "../../testing-page";
import { Lines } from "./lines";

const line = { id: "l", product: "bike", quantity: "8", requested_date: "2026-12-01" };
const deal = { id: "1", status: "open", region: "north", lines: [line] } as unknown as Deal;
const price = { line_id: "l", name: "Bike", product: "bike", quantity: "8", unit: "each" };

let service: Service;
beforeEach(() => {
  service = new Service();
  service.on("GET /v1/deals/1/prices", { lines: [{ ...price, price: "2", inside: true }] });
});

const quoted = (quote: object) => {
  service.on("POST /v1/available-to-promise/quotes", { lines: [{ line_id: "l", ...quote }] });
  const { Page } = pageWith();
  render(
    <Page>
      <Lines deal={deal} />
    </Page>,
  );
};

test("a line says when all of it can be promised", async () => {
  quoted({ promised: "8", promised_on: "2026-12-03", orderable_on: null });
  expect(await screen.findByText(/All can be promised for/)).toBeTruthy();
});

test("a line says what can be promised of it, and when the rest could be there", async () => {
  quoted({ promised: "3", promised_on: "2026-12-01", orderable_on: "2026-12-14" });
  expect(await screen.findByText(/3 can be promised by/)).toBeTruthy();
  expect(screen.getByText(/Ordered today, the rest could be there on/)).toBeTruthy();
});

test("a line of which nothing is free says so", async () => {
  quoted({ promised: "0", promised_on: null, orderable_on: null });
  expect(await screen.findByText(/None can be promised/)).toBeTruthy();
});
