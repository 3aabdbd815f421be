/** The keys of the console, as `?` shows them. */

import { type MessageKey, useI18n } from "../i18n/i18n";
import { Dialog } from "../ui/overlay";
import { Kbd } from "../ui/pieces";
import styles from "./app.module.css";
import { COMMAND_KEY } from "./keys";

interface Key {
  keys: readonly string[];
  does: MessageKey;
}

/** Keys that belong to one component, such as a board, are told here too. */
const SHOWN: readonly Key[] = [
  { keys: [`${COMMAND_KEY} K`], does: "keys.palette" },
  { keys: ["?"], does: "keys.help" },
  { keys: ["g", "b"], does: "keys.beat" },
  { keys: ["g", "p"], does: "keys.pipeline" },
  { keys: ["g", "f"], does: "keys.forecast" },
  { keys: ["Tab"], does: "keys.tab" },
  { keys: ["↑", "↓"], does: "keys.arrows" },
  { keys: ["Enter"], does: "keys.enter" },
  { keys: [`${COMMAND_KEY} Z`], does: "keys.undo" },
  { keys: ["Esc"], does: "keys.escape" },
  { keys: ["←", "→"], does: "keys.chart" },
];

export default function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("keys.title")} open onClose={onClose}>
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
