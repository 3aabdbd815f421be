import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { LanguageProvider } from "../i18n/i18n";
import { type Bucket, ForecastChart } from "./forecast-chart";

afterEach(() => {
  vi.unstubAllGlobals();
  performance.clearMarks();
});

const bucket = (week: string, quantity: string) =>
  ({ week, quantity, low80: "1", high80: "20", low95: "0.5", high95: "1234.25" }) as Bucket;

function chart(width: number) {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(width);
  return render(
    <LanguageProvider zone="UTC" currency="EUR">
      <ForecastChart
        series={{
          product: "PMP",
          region: "NORTH",
          unit: "each",
          buckets: [bucket("2026-11-23", "1200.5"), bucket("2026-11-30", "7")],
        }}
        before={[bucket("2026-11-23", "1100")]}
      />
    </LanguageProvider>,
  );
}

test("its table is saved as it is shown, its values exact and an interval as its two ends", async () => {
  const saved: Blob[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  Object.assign(URL, { createObjectURL: (blob: Blob) => saved.push(blob), revokeObjectURL() {} });
  chart(600);
  expect(screen.queryByRole("button", { name: "Save this table as CSV" })).toBeNull();
  await userEvent.click(screen.getByRole("radio", { name: "Table" }));
  await userEvent.click(screen.getByRole("button", { name: "Save this table as CSV" }));
  const lines = (await saved[0]?.text())?.trim().split("\r\n");
  expect(lines).toEqual([
    'Week,Forecast,Before,"80 % interval, low","80 % interval, high","95 % interval, low","95 % interval, high"',
    "2026-11-23,1200.5,1100,1,20,0.5,1234.25",
    "2026-11-30,7,,1,20,0.5,1234.25",
  ]);
});
