/** What is being dragged over the board, and where it may go. */

import { useEffect, useRef, useState } from "react";
import type { PipelineStage } from "../../api/queries";
import type { Hold } from "./cards";

/** The type under which a card is dragged: only a board takes it. */
export const DEAL = "takt-deal";

// A list selects what comes into it within 50 ms of a drop, which nobody asked for.
const LANDING_MS = 60;

export interface Dragging {
  active: boolean;
  from: string | null;
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
  return {
    active: from !== null,
    from,
    // Asked while the drag begins, before the state is there.
    accepts: (stage) => {
      const start = carried.current?.from;
      return stages.find((one) => one.code === start)?.moves_to.includes(stage) ?? false;
    },
    start: (stage, ids) => {
      carried.current = { from: stage, ids, to: null };
      hold.hold();
      setFrom(stage);
    },
    drop: (stage) => {
      if (carried.current) carried.current.to = stage;
    },
    end: () => {
      const now = carried.current;
      carried.current = null;
      setFrom(null);
      landing.current = setTimeout(() => {
        // What has happened meanwhile counts before the drop does.
        hold.release();
        if (now?.to) onDrop([...now.ids], now.from, now.to);
      }, LANDING_MS);
    },
  };
}
