/** What is being dragged over the board, and where it may go. */

import { startTransition, useEffect, useMemo, useRef, useState } from "react";
import type { PipelineStage } from "../../api/queries";
import type { Hold } from "./cards";

/** The type under which a card is dragged: only a board takes it. */
export const DEAL = "takt-deal";

/** First the lists are drawn without the drag, then with what has come of it: each has frames of its own. */
const LANDING_MS = 40;

export interface Dragging {
  /** Whether nothing is dragged, or it may be dropped on this stage or back on its own. */
  able: (stage: string) => boolean;
  hands: Hands;
}

/** What lists do with a drag; the same ones always, so that no list is drawn anew for them. */
export interface Hands {
  accepts: (stage: string) => boolean;
  start: (from: string, ids: ReadonlySet<string>) => void;
  /** The cards land on a stage; they are moved there once the drag has ended. */
  drop: (stage: string) => void;
  end: () => void;
}

interface Carried {
  from: string;
  ids: ReadonlySet<string>;
  to: string | null;
}

export function useDragging(
  stages: readonly PipelineStage[],
  hold: Hold,
  onDrop: (ids: readonly string[], from: string, to: string) => void,
): Dragging {
  const [from, setFrom] = useState<string | null>(null);
  const carried = useRef<Carried | null>(null);
  const landing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(landing.current), []);
  const latest = useRef({ stages, hold, onDrop });
  useEffect(() => {
    latest.current = { stages, hold, onDrop };
  });
  const hands = useMemo<Hands>(
    () => ({
      // Asked while the drag begins, before the state is there.
      accepts: (stage) => {
        const start = carried.current?.from;
        const begun = latest.current.stages.find((one) => one.code === start);
        return begun?.moves_to.includes(stage) ?? false;
      },
      start: (stage, ids) => {
        carried.current = { from: stage, ids, to: null };
        latest.current.hold.hold();
        // Which stages take it is shown between frames.
        startTransition(() => setFrom(stage));
      },
      drop: (stage) => {
        if (carried.current) carried.current.to = stage;
      },
      end: () => {
        const now = carried.current;
        carried.current = null;
        startTransition(() => setFrom(null));
        landing.current = setTimeout(() => {
          // What has happened meanwhile counts before the drop does.
          latest.current.hold.release();
          if (now?.to) latest.current.onDrop([...now.ids], now.from, now.to);
        }, LANDING_MS);
      },
    }),
    [],
  );
  const goals = stages.find((one) => one.code === from)?.moves_to;
  return {
    able: (stage) => from === null || from === stage || (goals?.includes(stage) ?? false),
    hands,
  };
}
