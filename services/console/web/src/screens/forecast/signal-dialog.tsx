/** One more signal; what the service finds wrong is said at the field. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem } from "../../api/client";
import { useI18n } from "../../i18n/i18n";
import { dateIn, now } from "../../lib/clock";
import { Button, Select, TextField } from "../../ui/controls";
import { Actions, Dialog } from "../../ui/overlay";
import { Failure } from "../../ui/pieces";
import { notify } from "../../ui/toasts";
import styles from "./forecast.module.css";
import { type Catalog, familiesOf, type Node } from "./node";
import { addWeeks } from "./outlook";
import { recordSignal, signalsQuery } from "./queries";
import {
  bodyOf,
  isPriced,
  KINDS,
  type SignalDraft,
  type SignalKind,
  shareOfPercent,
  told,
} from "./signals";

const WEEKS_AHEAD = 1;
const WEEKS_LONG = 2;

export function SignalDialog({
  node,
  catalog,
  onClose,
}: {
  node: Node;
  catalog: Catalog;
  onClose: () => void;
}) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  // The same however often it is sent: an answer that was lost does not record it twice.
  const [id] = useState(() => crypto.randomUUID());
  const [draft, setDraft] = useState<SignalDraft>(() => {
    const begins = addWeeks(dateIn(format.zone, now()), WEEKS_AHEAD);
    return {
      kind: "promotion",
      covers: node.product ? `product:${node.product}` : node.family ? `family:${node.family}` : "",
      region: node.region ?? "",
      begins,
      ends: addWeeks(begins, WEEKS_LONG),
      change: "",
      value: "",
      note: "",
    };
  });
  const [wrong, setWrong] = useState<ReturnType<typeof told>>({ fields: {}, rest: false });
  const save = useMutation({
    mutationFn: () => recordSignal(bodyOf(draft, id)),
    onMutate: () => setWrong({ fields: {}, rest: false }),
    onError: (error) =>
      setWrong(error instanceof Problem ? told(error) : { fields: {}, rest: true }),
    onSuccess: () => {
      notify({ title: t("signals.recorded", { kind: t(`signal.${draft.kind}`) }) });
      void queries.invalidateQueries({ queryKey: signalsQuery.queryKey });
      onClose();
    },
  });
  const noShare = draft.change.trim() !== "" && shareOfPercent(draft.change) === null;
  const { fields, rest } = wrong;
  const set = (change: Partial<SignalDraft>) => {
    setDraft({ ...draft, ...change });
    // What was wrong with a field was wrong with what stood in it.
    const names = Object.keys(change);
    const left = Object.entries(fields).filter(([name]) => !names.includes(name));
    setWrong({ fields: Object.fromEntries(left), rest });
  };
  const field = (name: keyof SignalDraft) => ({
    value: draft[name],
    onChange: (value: string) => set({ [name]: value }),
    error: fields[name],
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title={t("signals.add")} open onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <Select
          label={t("signals.kind")}
          value={draft.kind}
          onChoose={(kind) => set({ kind: kind as SignalKind })}
          choices={KINDS.map((kind) => ({ id: kind, name: t(`signal.${kind}`) }))}
        />
        <div className={styles.pair}>
          <Chosen error={fields.covers}>
            <Select
              label={t("signals.covers")}
              value={draft.covers}
              onChoose={(covers) => set({ covers })}
              choices={[
                { id: "", name: t("outlook.all-products") },
                ...familiesOf(catalog).map((name) => ({
                  id: `family:${name}`,
                  name,
                  hint: t("outlook.family"),
                })),
                ...catalog.products.map(({ code, name }) => ({
                  id: `product:${code}`,
                  name,
                  hint: code,
                })),
              ]}
            />
          </Chosen>
          <Chosen error={fields.region}>
            <Select
              label={t("filter.region")}
              value={draft.region}
              onChoose={(region) => set({ region })}
              choices={[
                { id: "", name: t("outlook.all-regions") },
                ...catalog.regions.map(({ code, name }) => ({ id: code, name, hint: code })),
              ]}
            />
          </Chosen>
        </div>
        <div className={styles.pair}>
          <TextField label={t("signals.begins")} type="date" {...field("begins")} />
          <TextField label={t("signals.ends")} type="date" {...field("ends")} />
        </div>
        <div className={styles.pair}>
          <TextField
            label={t("signals.change")}
            hint={t("signals.change.hint")}
            inputMode="decimal"
            {...field("change")}
            error={
              noShare
                ? t("signals.change.wrong")
                : fields.change && t("signals.change.told", { problem: fields.change })
            }
          />
          <TextField
            label={t(isPriced(draft.kind) ? "signals.price" : "signals.value", {
              currency: format.currency,
            })}
            inputMode="decimal"
            {...field("value")}
          />
        </div>
        <TextField label={t("signals.note")} {...field("note")} />
        {save.error && rest && <Failure error={save.error} />}
        <Actions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" look="primary" isDisabled={save.isPending || noShare}>
            {t("signals.record")}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}

/** A choice with what was found wrong with it. */
function Chosen({ error, children }: { error: string | undefined; children: React.ReactNode }) {
  return (
    <div>
      {children}
      {error && (
        <p role="alert" className={styles.failed}>
          {error}
        </p>
      )}
    </div>
  );
}
