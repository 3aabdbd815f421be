/** The keys that act wherever one is; `keys-dialog.tsx` tells of them. */

import { useEffect, useRef } from "react";

export const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

type Acts = Record<"palette" | "keys" | "beat" | "pipeline" | "forecast", () => void>;

const SEQUENCE_MS = 1_000;

/** Act on keys that are pressed where nobody writes. */
export function useKeys(acts: Acts): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    let wentAt = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      const { palette, keys, beat, pipeline, forecast } = latest.current;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        palette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
      const going = event.timeStamp - wentAt < SEQUENCE_MS;
      if (event.key === "?") keys();
      else if (going && event.key === "b") beat();
      else if (going && event.key === "p") pipeline();
      else if (going && event.key === "f") forecast();
      wentAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** Whether keys go into a field, or into a list that finds by what is typed, or over a dialog. */
function writing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest(
      "input, textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]",
    ) !== null
  );
}
