/** The home screen's state: what the services answered at first, and the events since. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer } from "react";
import { cashQuery, ordersQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import {
  type BeatState,
  fold,
  type Order,
  type Projection,
  QUIET,
  seedOrders,
  watch,
} from "./chains";

type Action =
  | { do: "fold"; batch: readonly TaktEvent[] }
  | { do: "orders"; orders: readonly Order[] }
  | { do: "watch"; id: string };

function reduce(state: BeatState, action: Action): BeatState {
  switch (action.do) {
    case "fold":
      return fold(state, action.batch);
    case "orders":
      return seedOrders(state, action.orders);
    case "watch":
      return watch(state, action.id);
  }
}

export interface Beat extends BeatState {
  /** Watch the chain that is about to begin under this id. */
  watch: (id: string) => void;
  cashAnswer: { error: Error | null; retry: () => void };
}

export function useBeat(): Beat {
  const [state, act] = useReducer(reduce, QUIET);
  useEvents((batch) => act({ do: "fold", batch }));
  const orders = useQuery({ ...ordersQuery, enabled: useMay("supply:read") });
  const cash = useQuery({ ...cashQuery, enabled: useMay("cash:read") });
  useEffect(() => {
    if (orders.data) act({ do: "orders", orders: orders.data.items as Order[] });
  }, [orders.data]);
  const answered = (cash.data as Projection | undefined) ?? null;
  return {
    ...state,
    cash: { ...state.cash, now: state.cash.now ?? answered, before: state.cash.before },
    watch: useCallback((id: string) => act({ do: "watch", id }), []),
    cashAnswer: { error: cash.error, retry: () => void cash.refetch() },
  };
}
