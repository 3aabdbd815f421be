import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, NoAnswer, Problem } from "../api/client";
import { App, worthRetrying } from "./app";

const SESSION = {
  name: "test",
  scopes: [],
  expires_at: "2026-11-25T00:00:00Z",
  now: "2026-11-24T09:00:00Z",
  version: "1",
  company: { name: "Kestrel", currency: "CHF", time_zone: "Asia/Seoul" },
};

/** A door that answers by method and path; what it is not told of never answers. */
let door: Record<string, () => Response>;
const asked = vi.fn();

const json =
  (status: number, body: object = {}) =>
  () =>
    new Response(JSON.stringify(body), { status });

beforeEach(() => {
  door = { "GET /v1/session": json(200, SESSION) };
  asked.mockClear();
  vi.stubGlobal("fetch", async (input: Request | string, init: RequestInit = {}) => {
    const { url, method } =
      typeof input === "string" ? { url: input, method: init.method ?? "GET" } : input;
    const name = `${method} ${new URL(url, location.origin).pathname}`;
    asked(name, init.body);
    const answer = door[name];
    return answer ? answer() : new Promise(() => {});
  });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
      unobserve() {}
    },
  );
  vi.stubGlobal("CSS", { escape: (text: string) => text });
  vi.stubGlobal("scrollTo", () => {});
});

afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

const signIn = () => screen.findByRole("heading", { name: "Sign in to Takt" });
const shell = () => screen.findByRole("navigation", { name: "Screens" });

test("a session without deals:read is told its currency and time zone by the door", async () => {
  render(<App />);
  expect(await shell()).toBeTruthy();
  expect(screen.getAllByText("Money in CHF").length).toBeGreaterThan(0);
  expect(screen.getAllByText("Times in Asia/Seoul").length).toBeGreaterThan(0);
  expect(asked.mock.calls.map(([name]) => name)).not.toContain("GET /v1/company");
});

test("without a company the page guesses none, and says what is missing", async () => {
  door["GET /v1/session"] = json(200, { ...SESSION, company: null });
  render(<App />);
  expect(await screen.findByText(/neither its currency nor its time zone/)).toBeTruthy();
  expect(screen.queryByRole("navigation")).toBeNull();
});

test("any answer that says the session is over leads to the sign-in, a change's too", async () => {
  render(<App />);
  await shell();
  door["GET /v1/session"] = json(401);
  door["POST /v1/deals"] = json(401);
  await act(() => api.POST("/v1/deals" as never, {} as never));
  await signIn();
  expect(screen.getByText(/Your session has ended/)).toBeTruthy();
});

test("to sign out of a session that is over is to be signed out", async () => {
  render(<App />);
  await shell();
  door["DELETE /v1/session"] = json(401);
  await userEvent.click(screen.getByRole("button", { name: "More" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  await signIn();
});

test("while the door is away signing out says so, and the session stays", async () => {
  render(<App />);
  await shell();
  door["DELETE /v1/session"] = () => {
    throw new TypeError("network");
  };
  await userEvent.click(screen.getByRole("button", { name: "More" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  expect(await screen.findByText("Takt does not answer.")).toBeTruthy();
  expect(await shell()).toBeTruthy();
});

test("a link that is pasted into the open sign-in signs in, and leaves the address", async () => {
  door["GET /v1/session"] = json(401);
  door["POST /v1/session"] = json(200, SESSION);
  render(<App />);
  await signIn();
  location.hash = "#ticket=takt_1";
  fireEvent(window, new HashChangeEvent("hashchange"));
  await shell();
  expect(asked).toHaveBeenCalledWith("POST /v1/session", JSON.stringify({ ticket: "takt_1" }));
  expect(location.hash).toBe("");
});

test("who is signed in and follows a link is signed in by the link", async () => {
  door["POST /v1/session"] = json(200, {
    ...SESSION,
    company: { ...SESSION.company, name: "Merlin" },
  });
  history.replaceState(null, "", "/sign-in#ticket=takt_2");
  render(<App />);
  expect((await screen.findAllByText("Merlin")).length).toBeGreaterThan(0);
});

test("who is signed in and follows a spent link is told, and goes on as before", async () => {
  door["POST /v1/session"] = json(401, {
    title: "This does not sign you in.",
    remedy: "make a new link with takt open",
  });
  history.replaceState(null, "", "/sign-in#ticket=takt_3");
  render(<App />);
  await waitFor(() => expect(screen.getByText("make a new link with takt open")).toBeTruthy());
  expect(await shell()).toBeTruthy();
});

test("what was waited for in vain is asked once more, what was refused never", () => {
  const tries = (error: Error) => [0, 1, 2, 3].filter((failures) => worthRetrying(failures, error));
  expect(tries(new NoAnswer("x"))).toEqual([0]);
  expect(tries(new Problem(504, {}))).toEqual([0]);
  expect(tries(new Problem(503, {}))).toEqual([0, 1, 2]);
  expect(tries(new Problem(404, {}))).toEqual([]);
});
