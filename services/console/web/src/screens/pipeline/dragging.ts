/** What is being dragged over the board, and where it may go. */

import { useRef, useState } from "react";
import type { PipelineStage } from "../../api/queries";
import type { Hold } from "./cards";

/** The type under which a card is dragged: only a board takes it. */
export const DEAL = "takt-deal";

const LANDED_MS = 1_000;

export interface Dragging {
  active: boolean;
  from: string | null;
  accepts: (stage: string) => boolean;
  start: (from: string, ids: ReadonlySet<string>) => void;
  /** The cards land on a stage. */
  drop: (stage: string) => void;
  /** Whether cards landed a moment ago: lists then select them, which nobody asked for. */
  landed: () => boolean;
  end: () => void;
}

export function useDragging(
  stages: readonly PipelineStage[],
  hold: Hold,
  onDrop: (ids: readonly string[], from: string, to: string) => void,
): Dragging {
  const [from, setFrom] = useState<string | null>(null);
  const landedAt = useRef(Number.NEGATIVE_INFINITY);
  const carried = useRef<{ from: string; ids: ReadonlySet<string> } | null>(null);
  return {
    active: from !== null,
    from,
    // Asked while the drag begins, before the state is there.
    accepts: (stage) => {
      const start = carried.current?.from;
      return stages.find((one) => one.code === start)?.moves_to.includes(stage) ?? false;
    },
    start: (stage, ids) => {
      carried.current = { from: stage, ids };
      hold.hold();
      setFrom(stage);
    },
    drop: (stage) => {
      const now = carried.current;
      // What has happened meanwhile counts before the drop does.
      hold.release();
      landedAt.current = performance.now();
      if (now) onDrop([...now.ids], now.from, stage);
    },
    landed: () => performance.now() - landedAt.current < LANDED_MS,
    end: () => {
      carried.current = null;
      setFrom(null);
      hold.release();
    },
  };
}
