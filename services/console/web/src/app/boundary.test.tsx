import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { LanguageProvider } from "../i18n/i18n";
import { Boundary } from "./boundary";

test("a fault is said in words with a way on, and the page is not blank", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // React tells of it too
  let broken = true;
  const Page = () => {
    if (broken) throw new Error("a fault");
    return <p>all is well</p>;
  };
  render(
    <LanguageProvider zone={undefined} currency={undefined}>
      <Boundary>
        <Page />
      </Boundary>
    </LanguageProvider>,
  );
  expect(screen.getByRole("alert").textContent).toContain("a fault");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(screen.getByText("all is well")).toBeTruthy();
});
