import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onSessionEnd } from "../api/client";
import { followWhileSeen, LiveProvider } from "./live";

const seen = (state: DocumentVisibilityState) => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a page that nobody looks at lets its connection go after a while, and takes it up again", () => {
  const stream = { start: vi.fn(), stop: vi.fn(), retry: vi.fn(), interrupt: vi.fn() };
  const leave = followWhileSeen(stream);
  expect(stream.start).toHaveBeenCalledTimes(1);
  seen("hidden");
  vi.advanceTimersByTime(5_000);
  seen("visible");
  vi.advanceTimersByTime(60_000);
  expect(stream.stop).not.toHaveBeenCalled();
  seen("hidden");
  vi.advanceTimersByTime(60_000);
  expect(stream.stop).toHaveBeenCalledTimes(1);
  const started = stream.start.mock.calls.length;
  seen("visible");
  expect(stream.start).toHaveBeenCalledTimes(started + 1);
  dispatchEvent(new Event("offline"));
  expect(stream.interrupt).toHaveBeenCalledTimes(1);
  leave();
  expect(stream.stop).toHaveBeenCalledTimes(2);
});

/** Doors' answers, one a connection. */
function answers(...list: (() => Response)[]) {
  vi.stubGlobal("fetch", async () => list.shift()?.() ?? new Promise(() => {}));
}
const live = () => new Response('id: 1\nevent: state\ndata: {"state":"live"}\n\n');

async function pass(ms: number) {
  for (let turn = 0; turn < 5; turn += 1) {
    await act(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(ms);
    });
  }
}

test("what could not be read while the door was away is read as soon as it is back", async () => {
  answers(() => new Response("", { status: 503 }), live);
  const read = vi.fn().mockRejectedValueOnce(new Error("away")).mockResolvedValue("here");
  function Shown() {
    const { data, error } = useQuery({ queryKey: ["x"], queryFn: read, retry: false });
    return <p>{data ?? error?.message}</p>;
  }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <LiveProvider>
        <Shown />
      </LiveProvider>
    </QueryClientProvider>,
  );
  await pass(0);
  expect(screen.getByText("away")).toBeTruthy();
  await pass(1_000);
  expect(screen.getByText("here")).toBeTruthy();
});

test("a stream that finds the session over tells it", async () => {
  answers(() => new Response("", { status: 401 }));
  const over = vi.fn();
  const forget = onSessionEnd(over);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <LiveProvider>{null}</LiveProvider>
    </QueryClientProvider>,
  );
  await pass(0);
  forget();
  expect(over).toHaveBeenCalled();
});
