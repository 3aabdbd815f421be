/** The page's one stream of events, for components. */

import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  use,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { type Connection, Stream, type TaktEvent } from "./stream";

const Context = createContext<Stream | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const stream = useMemo(() => new Stream("/v1/events?since=recent"), []);
  useEffect(() => {
    // What happened during a gap is only known to the services: ask them for all that is shown.
    const forget = stream.listen({
      // Each screen follows what it shows; what another has left behind is asked for anew when it is next shown.
      events: () =>
        void queries.invalidateQueries({
          type: "inactive",
          refetchType: "none",
          predicate: (query) => !query.meta?.reference,
        }),
      restart: () => void queries.invalidateQueries(),
    });
    const retry = () => document.visibilityState === "visible" && stream.retry();
    stream.start();
    addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
    return () => {
      forget();
      stream.stop();
      removeEventListener("online", retry);
      document.removeEventListener("visibilitychange", retry);
    };
  }, [stream, queries]);
  return <Context value={stream}>{children}</Context>;
}

function useStream(): Stream {
  const stream = use(Context);
  if (!stream) throw new Error("useStream outside of LiveProvider");
  return stream;
}

export function useConnection(): { state: Connection; seenAt: number } {
  const stream = useStream();
  const state = useSyncExternalStore(stream.watch, () => stream.state);
  return { state, seenAt: stream.seenAt };
}

/** Have events handled as they come, in batches; the latest function given is called. */
export function useEvents(
  handle: (batch: readonly TaktEvent[]) => void,
  restart: () => void = () => {},
): void {
  const stream = useStream();
  const latest = useRef({ handle, restart });
  useEffect(() => {
    latest.current = { handle, restart };
  });
  useEffect(
    () =>
      stream.listen({
        events: (batch) => latest.current.handle(batch),
        restart: () => latest.current.restart(),
      }),
    [stream],
  );
}
