/** What is new on the board: since this browser last looked, and just now. */

import { useCallback, useEffect, useRef, useState } from "react";
import { now } from "../../lib/clock";
import { keep, kept } from "../../lib/kept";

const FRESH_MS = 1_600;
const SEEN = "pipeline.seen";
const NOTHING: ReadonlySet<string> = new Set();

/** When this browser last looked at the board; since then cards may have moved. */
export function useSince(): string | null {
  const [since] = useState(() => kept(SEEN));
  useEffect(() => {
    const leave = () => keep(SEEN, new Date(now()).toISOString());
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, []);
  return since;
}

/** Cards that have just changed, for a moment. */
export function useFresh(): [ReadonlySet<string>, (ids: readonly string[]) => void] {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(NOTHING);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const mark = useCallback((ids: readonly string[]) => {
    setFresh((before) => new Set([...before, ...ids]));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setFresh(NOTHING), FRESH_MS);
  }, []);
  return [fresh, mark];
}
