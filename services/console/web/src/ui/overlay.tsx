/** What lies over the page for a while: dialogs here, messages in `toasts.tsx`, which every page needs at once. */

import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useI18n } from "../i18n/i18n";
import { Button } from "./controls";
import { classes } from "./pieces";
import styles from "./ui.module.css";

export { notify, Toasts } from "./toasts";

export function Dialog({
  title,
  open,
  onClose,
  wide = false,
  atTop = false,
  children,
}: {
  title: ReactNode;
  open: boolean;
  onClose: () => void;
  wide?: boolean;
  atTop?: boolean;
  children: ReactNode;
}) {
  const { t } = useI18n();
  return (
    <ModalOverlay
      className={classes(styles.backdrop, atTop && styles.backdropTop)}
      isOpen={open}
      onOpenChange={(is) => !is && onClose()}
      isDismissable
    >
      <Modal className={classes(styles.modal, wide && styles.wide)}>
        <AriaDialog className={styles.dialog ?? ""}>
          <header className={styles.dialogHead}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button
              look="quiet"
              size="small"
              icon="close"
              aria-label={t("action.close")}
              onPress={onClose}
            />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons that ends a dialog. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
