/** Messages that lie in the corner of the page for a while. */

import {
  Text,
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";
import { type Translate, useI18n } from "../i18n/i18n";
import { Button } from "./controls";
import { classes, wordsOf } from "./pieces";
import styles from "./ui.module.css";

interface Notice {
  title: string;
  detail?: string | undefined;
  tone?: "bad" | undefined;
  action?: { name: string; run: () => void } | undefined;
}

export const toasts = new ToastQueue<Notice>({ maxVisibleToasts: 3 });

const SHOWN_MS = 10_000;

/** Tell something in the corner; gives what closes it. What went wrong stays until it is closed. */
export function notify(notice: Notice): () => void {
  const key = toasts.add(
    notice.action
      ? {
          ...notice,
          action: {
            name: notice.action.name,
            run: () => {
              toasts.close(key);
              notice.action?.run();
            },
          },
        }
      : notice,
    notice.tone === "bad" ? {} : { timeout: SHOWN_MS },
  );
  return () => toasts.close(key);
}

/** Tell what went wrong, in the words of who refused it. */
export function notifyFailure(error: unknown, t: Translate): void {
  const { title, detail, remedy } = wordsOf(error, t);
  notify({ title, detail: remedy ?? detail, tone: "bad" });
}

export function Toasts() {
  const { t } = useI18n();
  return (
    <ToastRegion queue={toasts} className={styles.toasts ?? ""} aria-label={t("toasts.label")}>
      {({ toast }) => (
        <Toast
          toast={toast}
          className={classes(styles.toast, toast.content.tone === "bad" && styles.toastBad)}
        >
          <ToastContent className={styles.toastText ?? ""}>
            <Text slot="title">{toast.content.title}</Text>
            {toast.content.detail && (
              <Text slot="description" elementType="p">
                {toast.content.detail}
              </Text>
            )}
          </ToastContent>
          {toast.content.action && (
            <Button size="small" onPress={toast.content.action.run}>
              {toast.content.action.name}
            </Button>
          )}
          <Button
            slot="close"
            look="quiet"
            size="small"
            icon="close"
            aria-label={t("action.close")}
          />
        </Toast>
      )}
    </ToastRegion>
  );
}
