/** Why a deal was won or lost, and to whom. */

import { type FormEvent, useState } from "react";
import { useI18n } from "../i18n/i18n";
import { Button, TextField } from "../ui/controls";
import { Actions, Dialog } from "../ui/overlay";
import type { Closing } from "./api";
import styles from "./deals.module.css";

export function CloseDialog({
  kind,
  names,
  onClose,
  onDone,
}: {
  kind: "won" | "lost";
  names: readonly string[];
  onClose: () => void;
  onDone: (closing: Closing) => void;
}) {
  const { t } = useI18n();
  const [reason, setReason] = useState("");
  const [competitor, setCompetitor] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDone({
      ...(reason.trim() ? { reason: reason.trim() } : {}),
      ...(kind === "lost" && competitor.trim() ? { competitor: competitor.trim() } : {}),
    });
  };
  return (
    <Dialog title={t(`closing.${kind}`, { count: names.length })} open onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p>
          <bdi dir="auto">{names.slice(0, 5).join(", ")}</bdi>
        </p>
        <TextField label={t("closing.reason")} value={reason} onChange={setReason} autoFocus />
        {kind === "lost" && (
          <TextField label={t("closing.competitor")} value={competitor} onChange={setCompetitor} />
        )}
        <Actions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" look="primary">
            {t(`closing.${kind}.do`)}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
