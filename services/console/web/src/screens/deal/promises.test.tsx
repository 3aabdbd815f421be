import { render, screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Session } from "../../api/queries";
import { SessionContext } from "../../app/session";
import type { Deal } from "../../deals/api";
import { pageWith, Service } from "../../testing-page";
import { Lines } from "./lines";

const line = { id: "l", product: "bike", quantity: "8", requested_date: "2026-12-01" };
const deal = { id: "1", status: "open", region: "north", lines: [line] } as unknown as Deal;
const nothing = { list_price: null, discount: null, floor: null, margin: null, margin_share: null };
const price = {
  ...nothing,
  ...{ line_id: "l", name: "Bike", product: "bike", quantity: "8", unit: "each" },
  ...{ price: "2", inside: true, approved: false },
};

let service: Service;
beforeEach(() => {
  service = new Service();
  const whole = { list_value: null, discount: null, margin: null, margin_share: null, value: "16" };
  service.on("GET /v1/deals/1/prices", { lines: [price], currency: "EUR", ...whole });
});

const quoted = (quote: object) => {
  service.on("POST /v1/available-to-promise/quotes", { lines: [{ line_id: "l", ...quote }] });
  const { Page } = pageWith();
  render(
    <Page>
      <SessionContext value={{ scopes: ["supply:read"] } as unknown as Session}>
        <Lines deal={deal} />
      </SessionContext>
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
