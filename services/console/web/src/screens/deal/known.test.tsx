import { render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, test } from "vitest";
import type { Pipeline } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { pageWith, problem, Service } from "../../testing-page";
import { History } from "./history";
import { Life } from "./life";
import { Lines } from "./lines";
import { Papers } from "./papers";

const deal = { id: "1", stage: "a", sequence: 4, lines: [], documents: [] } as unknown as Deal;
const pipeline = { code: "p", name: "P", stages: [] } as Pipeline;

const PARTS: [string, ReactNode, string, unknown, RegExp][] = [
  [
    "lines",
    <Lines key="lines" deal={deal} />,
    "GET /v1/deals/1/prices",
    { lines: [], currency: "EUR" },
    /No lines yet/,
  ],
  [
    "history",
    <History key="history" deal={deal} pipeline={pipeline} />,
    "GET /v1/deals/1/history",
    { age_seconds: 138_240, stays: [] },
    /1\.6 days? old/,
  ],
  [
    "life",
    <Life key="life" deal={deal} pipeline={pipeline} />,
    "GET /v1/deals/1/life",
    { items: [{ kind: "won", on: "2026-11-29", by: "ben" }], next: null },
    /Won/,
  ],
  ["papers", <Papers key="papers" deal={deal} />, "GET /v1/deals/1/approvals", [], /None given/],
];

let service: Service;
beforeEach(() => {
  service = new Service();
});

test.each(PARTS)(
  "the %s that are known stay, when they cannot be read again",
  async (_, part, route, answer, shown) => {
    service.on(route, answer);
    const { queries, Page } = pageWith();
    render(<Page>{part}</Page>);
    await screen.findByText(shown);
    service.on(route, () => problem(503, "away"));
    await queries.invalidateQueries();
    await waitFor(() => expect(service.sent(route)).toHaveLength(2));
    await waitFor(() => expect(queries.isFetching()).toBe(0));
    expect(screen.getByText(shown)).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  },
);

test.each(PARTS)(
  "the %s that cannot be read say so, with a way to try again",
  async (_, part, route) => {
    service.on(route, () => problem(503, "away"));
    const { Page } = pageWith();
    render(<Page>{part}</Page>);
    const told = await screen.findByRole("alert");
    expect(told.textContent).toContain("away");
  },
);
