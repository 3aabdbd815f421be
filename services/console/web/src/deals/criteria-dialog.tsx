/** What a stage asks for before a deal leaves it, each with the field to fill; then the move is made. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { Problem, type Refusal } from "../api/client";
import { accountsQuery, type PipelineStage } from "../api/queries";
import { useMay } from "../app/session";
import { useI18n } from "../i18n/i18n";
import { Button, Select, TextField } from "../ui/controls";
import { Actions, Dialog } from "../ui/overlay";
import { Failure, Given } from "../ui/pieces";
import { stageNames, whoseWords } from "./acts";
import { type Fact, lastAct, readDeal, type StageMoved } from "./api";
import { isApprovable } from "./approvals";
import styles from "./deals.module.css";
import { newLine } from "./draft";
import { type Filled, fillAndMove, isFillable, isFilled, type Refused, stillMissing } from "./fill";
import { LinesFields } from "./lines-fields";

export function CriteriaDialog({
  refused,
  stages,
  waiting = 0,
  onClose,
  onMoved,
}: {
  refused: Refused;
  stages: readonly PipelineStage[];
  /** How many more refused moves there are to look at. */
  waiting?: number;
  onClose: () => void;
  onMoved: (moved: StageMoved) => void;
}) {
  const { t, format } = useI18n();
  const mayApprove = useMay("deals:approve");
  const [filled, setFilled] = useState<Filled>(() => ({
    account: "",
    close: "",
    lines: [newLine()],
    documents: {},
  }));
  const [refusals, setRefusals] = useState(refused.problem.refusals);
  const [meanwhile, setMeanwhile] = useState<{ last: Fact | null } | null>(null);
  const seen = useRef({ sequence: refused.sequence });
  const act = useMutation({
    mutationFn: () => fillAndMove(refused, refusals, filled, seen.current),
    onMutate: () => setMeanwhile(null),
    onSuccess: (moved) => onMoved(moved),
    onError: async (error) => {
      if (!(error instanceof Problem)) return;
      if (error.refusals.length > 0) setRefusals(stillMissing(refusals, error));
      if (error.status !== 412) return;
      try {
        const [{ sequence }, last] = await Promise.all([readDeal(refused.id), lastAct(refused.id)]);
        // Whoever reads whose change it was and presses again has seen it.
        seen.current = { sequence };
        setMeanwhile({ last });
      } catch {
        // The conflict itself is told; pressing again meets it again.
      }
    },
  });
  const fillable = refusals.length > 0 && refusals.every((one) => isFillable(one, mayApprove));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate();
  };
  return (
    <Dialog
      title={t("criteria.title", { stage: refused.stageName })}
      open
      onClose={onClose}
      wide={refusals.some(({ field }) => field === "lines")}
    >
      <form className={styles.form} onSubmit={submit}>
        <p>
          {t("criteria.lead", { count: refusals.length })} <bdi dir="auto">{refused.name}</bdi>
        </p>
        <ul className={styles.criteria}>
          {refusals.map((refusal) => (
            <li key={`${refusal.reason} ${refusal.field} ${refusal.value}`}>
              <Criterion refusal={refusal} filled={filled} onFill={setFilled} may={mayApprove} />
            </li>
          ))}
        </ul>
        {meanwhile ? (
          <div role="alert" className={styles.told}>
            <strong>{t("conflict.title")}</strong>{" "}
            <Given>
              {whoseWords(meanwhile.last, { stage: stageNames(stages) }, { t, format })}
            </Given>{" "}
            {t("criteria.stale")}
          </div>
        ) : (
          act.error && <Failure error={act.error} />
        )}
        {waiting > 0 && <p>{t("criteria.waiting", { count: waiting })}</p>}
        <Actions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          {fillable && (
            <Button
              type="submit"
              look="primary"
              isDisabled={act.isPending || !refusals.every((one) => isFilled(one, filled))}
            >
              {t("criteria.fill")}
            </Button>
          )}
        </Actions>
      </form>
    </Dialog>
  );
}

function Criterion({
  refusal,
  filled,
  onFill,
  may,
}: {
  refusal: Refusal;
  filled: Filled;
  onFill: (filled: Filled) => void;
  may: boolean;
}) {
  const { t } = useI18n();
  const accounts = useQuery(accountsQuery);
  const { reason, field, value, remedy } = refusal;
  if (reason === "document-missing") {
    const document = filled.documents[value] ?? { name: "", address: "" };
    const set = (change: Partial<typeof document>) =>
      onFill({
        ...filled,
        documents: { ...filled.documents, [value]: { ...document, ...change } },
      });
    return (
      <fieldset className={styles.criterion}>
        <legend>{t("criteria.document", { kind: value })}</legend>
        <div className={styles.pair}>
          <TextField
            label={t("criteria.document.name")}
            value={document.name}
            onChange={(name) => set({ name })}
            autoFocus
          />
          <TextField
            label={t("criteria.document.address")}
            value={document.address}
            onChange={(address) => set({ address })}
          />
        </div>
      </fieldset>
    );
  }
  if (reason === "field-missing" && field === "account") {
    return (
      <Select
        label={t("edit.account")}
        value={filled.account || null}
        placeholder={t("edit.choose")}
        onChoose={(account) => onFill({ ...filled, account })}
        choices={(accounts.data ?? []).map((one) => ({ id: one.id, name: one.name }))}
      />
    );
  }
  if (reason === "field-missing" && field === "expected_close") {
    return (
      <TextField
        label={t("edit.close")}
        type="date"
        value={filled.close}
        onChange={(close) => onFill({ ...filled, close })}
      />
    );
  }
  if (reason === "field-missing" && field === "lines") {
    return <LinesFields lines={filled.lines} onChange={(lines) => onFill({ ...filled, lines })} />;
  }
  return (
    <p className={styles.told}>
      {remedy}{" "}
      {isApprovable(refusal) && (may ? t("criteria.will-approve") : t("criteria.ask-approval"))}
    </p>
  );
}
