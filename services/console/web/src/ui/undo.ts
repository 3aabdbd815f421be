/**
 * What was done last can be taken back: by the button of its message while that is shown, by Ctrl+Z for as long as
 * one stays on the screen where it was done.
 */

import { useEffect } from "react";
import { notify } from "./toasts";

let last: (() => void) | null = null;

/** Tell what was done, with its way back where it has one. */
export function notifyDone(
  notice: { title: string; detail?: string | undefined },
  back: { name: string; run: () => void } | null,
): void {
  if (!back) {
    last = null; // Ctrl+Z would take back what was done before this
    notify(notice);
    return;
  }
  const once = () => {
    if (last === once) last = null;
    close();
    back.run();
  };
  const close = notify({ ...notice, action: { name: back.name, run: once } });
  last = once;
}

/** Ctrl+Z takes the last act back, where nobody writes. */
export function useUndoKey(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || event.shiftKey) return;
      if (target?.closest("input, textarea, [role=dialog]")) return;
      event.preventDefault();
      last?.();
    };
    addEventListener("keydown", press);
    return () => {
      removeEventListener("keydown", press);
      last = null;
    };
  }, []);
}
