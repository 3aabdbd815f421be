import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { createElement } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { traceQuery } from "../../api/queries";
import { attemptsOf, useAttempts } from "./attempts";
import type { TraceStep } from "./graph";

const step = (type: string, ms: number, data: object = {}) => ({ type, ms, data }) as TraceStep;

test("the attempts of a chain are counted with their milliseconds and how many delivered", () => {
  const steps = [
    step("takt.deal.stage_changed.v1", 0),
    step("takt.webhook.attempt", 240, { status: 500 }),
    step("takt.webhook.attempt", 180, { status: null, error: "no answer" }),
    step("takt.webhook.attempt", 5_300, { status: 204 }),
  ];
  expect(attemptsOf({ steps })).toEqual({ count: 3, first: 180, last: 5_300, delivered: 1 });
});

test("a chain that told nobody has none", () => {
  expect(attemptsOf({ steps: [step("takt.deal.stage_changed.v1", 0)] })).toBeNull();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a chain is asked for whole only where somebody looks, and once it has come to rest", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const asked = vi.fn();
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    asked(new URL(url).pathname);
    return Response.json({ steps: [step("takt.webhook.attempt", 180, { status: 200 })] });
  });
  const queries = new QueryClient();
  const { result, rerender } = renderHook(
    ({ sign }: { sign: number | null }) => useAttempts("c", sign),
    {
      initialProps: { sign: null as number | null },
      wrapper: ({ children }) => createElement(QueryClientProvider, { client: queries }, children),
    },
  );
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
  await pass(5_000);
  for (const sign of [1, 2, 3]) {
    rerender({ sign });
    await pass(900);
  }
  expect(asked).not.toHaveBeenCalled();
  await pass(200);
  const read = () => expect(queries.getQueryData(traceQuery("c").queryKey)).toBeTruthy();
  await vi.waitFor(read, { timeout: 10_000 });
  await pass(0);
  expect(asked.mock.calls).toEqual([["/v1/traces/c"]]);
  expect(result.current).toMatchObject({ count: 1, last: 180, delivered: 1 });
});
