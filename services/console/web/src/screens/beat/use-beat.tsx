/**
 * The home screen's state: what the services answered at first, and the events since.
 *
 * Events are folded whichever screen is open, so that none is missing when one comes back.
 */

import { useQuery } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  startTransition,
  use,
  useEffect,
  useMemo,
  useReducer,
} from "react";
import { cashQuery, ordersQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import {
  type BeatState,
  fold,
  type Moved,
  type Order,
  type Projection,
  QUIET,
  seedOrders,
  unwatch,
  watch,
} from "./chains";

type Action =
  | { do: "fold"; batch: readonly TaktEvent[] }
  | { do: "orders"; orders: readonly Order[] }
  | { do: "watch"; moved: Moved }
  | { do: "unwatch"; id: string }
  | { do: "restart" };

export function reduce(state: BeatState, action: Action): BeatState {
  switch (action.do) {
    case "fold":
      return fold(state, action.batch);
    case "orders":
      return seedOrders(state, action.orders);
    case "watch":
      return watch(state, action.moved);
    case "unwatch":
      return unwatch(state, action.id);
    case "restart":
      // What came by events may have been overtaken in the gap; the services are asked anew.
      return QUIET;
  }
}

const Context = createContext<{ state: BeatState; act: (action: Action) => void } | null>(null);

export function BeatProvider({ children }: { children: ReactNode }) {
  const [state, act] = useReducer(reduce, QUIET);
  useEvents(
    // In slices: a stream of events leaves room for what somebody does meanwhile.
    (batch) => startTransition(() => act({ do: "fold", batch })),
    () => act({ do: "restart" }),
  );
  return <Context value={{ state, act }}>{children}</Context>;
}

export interface Beat extends BeatState {
  /** Watch the chain that this move is about to begin. */
  watch: (moved: Moved) => void;
  /** It was refused: nothing will come of it. */
  unwatch: (id: string) => void;
  cashAnswer: { error: Error | null; retry: () => unknown };
}

export function useBeat(): Beat {
  const beat = use(Context);
  if (!beat) throw new Error("useBeat outside of BeatProvider");
  const { state, act } = beat;
  const orders = useQuery({ ...ordersQuery, enabled: useMay("supply:read") });
  const cash = useQuery({ ...cashQuery, enabled: useMay("cash:read") });
  const { data: answer, dataUpdatedAt: answeredAt } = orders;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same answer again counts after a restart
  useEffect(() => {
    if (answer) act({ do: "orders", orders: answer.items });
  }, [answer, answeredAt, act]);
  const answered = (cash.data as Projection | undefined) ?? null;
  const cashNow = useMemo(() => {
    const { now, before, by } = state.cash;
    // Until the first event, what was answered is what there is; then it is what was before.
    return now ? { now, before: before ?? answered, by } : { now: answered, before: null, by };
  }, [state.cash, answered]);
  return {
    ...state,
    cash: cashNow,
    watch: (moved) => act({ do: "watch", moved }),
    unwatch: (id) => act({ do: "unwatch", id }),
    cashAnswer: { error: cash.error, retry: cash.refetch },
  };
}
