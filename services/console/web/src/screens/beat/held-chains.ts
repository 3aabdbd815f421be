/** The list of chains stands still while somebody is on it, by pointer or by keys. */

import { type FocusEvent, useRef, useState } from "react";
import type { Chain } from "./chains";

/** What is held as it is now, and how many came since. A chain that is no longer kept stays as it was. */
export function heldChains(
  held: readonly Chain[] | null,
  chains: readonly Chain[],
): { rows: readonly Chain[]; waiting: readonly Chain[] } {
  if (held === null) return { rows: chains, waiting: [] };
  const now = new Map(chains.map((chain) => [chain.id, chain]));
  const known = new Set(held.map((chain) => chain.id));
  return {
    rows: held.map((chain) => now.get(chain.id) ?? chain),
    waiting: chains.filter((chain) => !known.has(chain.id)),
  };
}

export function useHeldChains(chains: readonly Chain[]) {
  const [held, setHeld] = useState<readonly Chain[] | null>(null);
  const here = useRef({ pointer: false, focus: false });
  const come = (by: "pointer" | "focus") => () => {
    here.current[by] = true;
    if (chains.length > 0) setHeld((before) => before ?? chains);
  };
  const leave = (by: "pointer" | "focus") => {
    here.current[by] = false;
    if (!here.current.pointer && !here.current.focus) setHeld(null);
  };
  return {
    ...heldChains(held, chains),
    /** Show what has waited. */
    release: () => {
      here.current.focus = false; // the button that was pressed goes
      setHeld(null);
    },
    /** Of the element that somebody is on. */
    on: {
      onPointerOver: come("pointer"),
      onPointerLeave: () => leave("pointer"),
      onFocus: come("focus"),
      onBlur: (event: FocusEvent<HTMLElement>) => {
        if (!event.currentTarget.contains(event.relatedTarget)) leave("focus");
      },
    },
  };
}
