/** What a stage asks for before a deal leaves it, each with the field to fill; then the move is made. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Problem, Refusal } from "../api/client";
import { accountsQuery } from "../api/queries";
import { useMay } from "../app/session";
import { useI18n } from "../i18n/i18n";
import { Button, Select, TextField } from "../ui/controls";
import { Actions, Dialog } from "../ui/overlay";
import { Failure } from "../ui/pieces";
import { approve, attachDocument, moveDeal, patchDeal, readDeal, readPrices } from "./api";
import styles from "./deals.module.css";
import { type DraftLine, isAmount, newLine } from "./draft";
import { LinesFields } from "./lines-fields";

export interface Refused {
  id: string;
  name: string;
  stage: string;
  stageName: string;
  problem: Problem;
}

interface Filled {
  account: string;
  close: string;
  lines: readonly DraftLine[];
  documents: Readonly<Record<string, { name: string; address: string }>>;
}

export function CriteriaDialog({
  refused,
  onClose,
  onMoved,
}: {
  refused: Refused;
  onClose: () => void;
  onMoved: () => void;
}) {
  const { t } = useI18n();
  const mayApprove = useMay("deals:approve");
  const [filled, setFilled] = useState<Filled>({
    account: "",
    close: "",
    lines: [newLine("first")],
    documents: {},
  });
  const { refusals } = refused.problem;
  const act = useMutation({
    mutationFn: () => fillAndMove(refused, refusals, filled),
    onSuccess: onMoved,
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
        {refusals.length === 0 && <Failure error={refused.problem} />}
        <ul className={styles.criteria}>
          {refusals.map((refusal) => (
            <li key={`${refusal.reason} ${refusal.field} ${refusal.value}`}>
              <Criterion refusal={refusal} filled={filled} onFill={setFilled} may={mayApprove} />
            </li>
          ))}
        </ul>
        {act.error && <Failure error={act.error} />}
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

const PRICES = ["below-floor", "above-ceiling"];

function isFillable({ reason, field }: Refusal, mayApprove: boolean): boolean {
  if (reason === "document-missing") return true;
  if (reason === "approval-missing" || PRICES.includes(reason)) return mayApprove;
  return reason === "field-missing" && ["account", "expected_close", "lines"].includes(field);
}

function isFilled({ reason, field, value }: Refusal, filled: Filled): boolean {
  if (reason === "document-missing") return Boolean(filled.documents[value]?.name.trim());
  if (reason !== "field-missing") return true;
  if (field === "account") return filled.account !== "";
  if (field === "expected_close") return filled.close !== "";
  return (
    filled.lines.length > 0 &&
    filled.lines.every((line) => line.product && isAmount(line.quantity) && isAmount(line.price))
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
  const approval = reason === "approval-missing" || PRICES.includes(reason);
  return (
    <p className={styles.told}>
      {remedy} {approval && (may ? t("criteria.will-approve") : t("criteria.ask-approval"))}
    </p>
  );
}

/** Fill what was missing, one after the other, and make the move. */
async function fillAndMove(refused: Refused, refusals: readonly Refusal[], filled: Filled) {
  const { id, stage } = refused;
  let { sequence } = await readDeal(id);
  const missing = (field: string) =>
    refusals.some((one) => one.reason === "field-missing" && one.field === field);
  const patch = {
    ...(missing("account") ? { account_id: filled.account } : {}),
    ...(missing("expected_close") ? { expected_close: filled.close } : {}),
    ...(missing("lines")
      ? {
          lines: filled.lines.map(({ product, quantity, price, requested_date }) => ({
            product,
            quantity,
            price,
            requested_date: requested_date || null,
          })),
        }
      : {}),
  };
  if (Object.keys(patch).length > 0) ({ sequence } = await patchDeal(id, sequence, patch));
  for (const { reason, value } of refusals) {
    const document = filled.documents[value];
    if (reason !== "document-missing" || !document) continue;
    ({ sequence } = await attachDocument(
      id,
      sequence,
      value,
      document.name.trim(),
      document.address.trim(),
    ));
  }
  for (const role of await rolesOf(id, refusals)) {
    await approve(id, sequence, role);
    ({ sequence } = await readDeal(id));
  }
  return moveDeal(id, sequence, stage);
}

async function rolesOf(id: string, refusals: readonly Refusal[]): Promise<Set<string>> {
  const roles = refusals.flatMap(({ reason, value }) =>
    reason === "approval-missing" ? [value] : [],
  );
  if (refusals.some(({ reason }) => PRICES.includes(reason))) {
    const { lines } = await readPrices(id);
    for (const line of lines) {
      const role = line.floor?.role ?? line.ceiling?.role;
      if (!line.inside && role) roles.push(role);
    }
  }
  return new Set(roles);
}
