/** The keys of the console: one table, shown by `?` and acted on here. */

import { useEffect, useRef } from "react";
import { type MessageKey, useI18n } from "../i18n/i18n";
import { Dialog } from "../ui/overlay";
import { Kbd } from "../ui/pieces";
import styles from "./app.module.css";

interface Key {
  keys: readonly string[];
  does: MessageKey;
}

/** Keys that belong to one component, such as a board, are told here too. */
const SHOWN: readonly Key[] = [
  { keys: ["Ctrl K"], does: "keys.palette" },
  { keys: ["?"], does: "keys.help" },
  { keys: ["g", "b"], does: "keys.beat" },
  { keys: ["g", "p"], does: "keys.pipeline" },
  { keys: ["Tab"], does: "keys.tab" },
  { keys: ["↑", "↓"], does: "keys.arrows" },
  { keys: ["Enter"], does: "keys.enter" },
  { keys: ["Esc"], does: "keys.escape" },
  { keys: ["←", "→"], does: "keys.chart" },
];

type Acts = Record<"palette" | "keys" | "beat" | "pipeline", () => void>;

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
      const { palette, keys, beat, pipeline } = latest.current;
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

export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("keys.title")} open={open} onClose={onClose}>
      <dl className={styles.keys}>
        {SHOWN.map(({ keys, does }) => (
          <div key={does} style={{ display: "contents" }}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
