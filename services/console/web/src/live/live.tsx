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
import { tellSessionEnd } from "../api/client";
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
      ended: tellSessionEnd,
    });
    let before = stream.state;
    const unwatch = stream.watch(() => {
      // What could not be asked while the door was away is asked for as soon as it is back.
      if (stream.state === "live" && before !== "live") {
        void queries.invalidateQueries({ predicate: (query) => query.state.status === "error" });
      }
      before = stream.state;
    });
    const leave = followWhileSeen(stream);
    return () => {
      leave();
      unwatch();
      forget();
    };
  }, [stream, queries]);
  return <Context value={stream}>{children}</Context>;
}

const HIDDEN_MS = 20_000;

/**
 * Have a stream go on for as long as the page is looked at; gives what ends it.
 *
 * A browser opens six connections to a host: streams of pages that nobody sees would take them from those that are seen.
 */
export function followWhileSeen(stream: Pick<Stream, "start" | "stop" | "retry" | "interrupt">) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") timer = setTimeout(() => stream.stop(), HIDDEN_MS);
    else {
      stream.start();
      stream.retry();
    }
  };
  const online = () => stream.retry();
  const offline = () => stream.interrupt();
  look();
  addEventListener("online", online);
  addEventListener("offline", offline);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearTimeout(timer);
    removeEventListener("online", online);
    removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", look);
    stream.stop();
  };
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
