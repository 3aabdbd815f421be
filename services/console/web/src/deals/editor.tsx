/** Edit a deal's date, account and lines; a conflict and a price below its floor are settled right here. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem } from "../api/client";
import { accountsQuery } from "../api/queries";
import { useMay } from "../app/session";
import { useI18n } from "../i18n/i18n";
import { Button, Select, TextField } from "../ui/controls";
import { Actions, Dialog } from "../ui/overlay";
import { Failure, Loading, Skeleton } from "../ui/pieces";
import { approve, type Deal, patchDeal, readDeal, readPrices } from "./api";
import styles from "./deals.module.css";
import { complete, type Draft, differences, draftOf, patchOf, totalOf } from "./draft";
import { LinesFields } from "./lines-fields";

export function EditDialog({
  id,
  name,
  onClose,
  onSaved,
}: {
  id: string;
  name: string;
  onClose: () => void;
  onSaved: (deal: Deal) => void;
}) {
  const deal = useQuery({
    queryKey: ["deal", id, "edited"],
    queryFn: () => readDeal(id),
    gcTime: 0,
  });
  return (
    <Dialog title={<bdi dir="auto">{name}</bdi>} open onClose={onClose} wide>
      {deal.error ? (
        <Failure error={deal.error} retry={() => void deal.refetch()} />
      ) : deal.data ? (
        <Form deal={deal.data} onClose={onClose} onSaved={onSaved} />
      ) : (
        <Loading>
          <Skeleton height={220} />
        </Loading>
      )}
    </Dialog>
  );
}

/** Who edits, from which version, and what somebody else has made of it meanwhile. */
interface Base {
  sequence: number;
  draft: Draft;
  theirs: Deal | null;
}

function Form({
  deal,
  onClose,
  onSaved,
}: {
  deal: Deal;
  onClose: () => void;
  onSaved: (deal: Deal) => void;
}) {
  const { t, format } = useI18n();
  const mayApprove = useMay("deals:approve");
  const accounts = useQuery(accountsQuery);
  const [base, setBase] = useState<Base>({
    sequence: deal.sequence,
    draft: draftOf(deal),
    theirs: null,
  });
  const [draft, setDraft] = useState(base.draft);
  const save = useMutation({
    mutationFn: ({ approving }: { approving: boolean }) =>
      approving ? saveApproved(deal.id, base, draft) : saveAs(deal.id, base, draft),
    onSuccess: onSaved,
    onError: async (error) => {
      if (error instanceof Problem && error.status === 412) {
        setBase({ ...base, theirs: await readDeal(deal.id) });
      }
    },
  });
  const value = totalOf(draft.lines);
  const below = save.error instanceof Problem && save.error.slug === "price-outside-range";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ approving: false });
  };
  if (base.theirs) {
    return (
      <Conflict
        theirs={base.theirs}
        mine={draft}
        onMine={(theirs) => {
          setBase({ sequence: theirs.sequence, draft: draftOf(theirs), theirs: null });
          save.reset();
        }}
        onTheirs={(theirs) => {
          setBase({ sequence: theirs.sequence, draft: draftOf(theirs), theirs: null });
          setDraft(draftOf(theirs));
          save.reset();
        }}
      />
    );
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <div className={styles.pair}>
        <TextField
          label={t("edit.close")}
          type="date"
          value={draft.expected_close}
          onChange={(expected_close) => setDraft({ ...draft, expected_close })}
        />
        <Select
          label={t("edit.account")}
          value={draft.account_id || null}
          placeholder={t("edit.choose")}
          onChoose={(account_id) => setDraft({ ...draft, account_id })}
          choices={(accounts.data ?? []).map((one) => ({ id: one.id, name: one.name }))}
        />
      </div>
      <LinesFields lines={draft.lines} onChange={(lines) => setDraft({ ...draft, lines })} />
      <p className={styles.sum}>
        {t("edit.value")} <b className="number">{value === null ? "–" : format.money(value)}</b>
      </p>
      {save.error && <Failure error={save.error} />}
      {below && !mayApprove && <p>{t("edit.ask-approval")}</p>}
      <Actions>
        <Button onPress={onClose}>{t("action.cancel")}</Button>
        {below && mayApprove && (
          <Button onPress={() => save.mutate({ approving: true })} isDisabled={save.isPending}>
            {t("edit.approve")}
          </Button>
        )}
        <Button type="submit" look="primary" isDisabled={!complete(draft) || save.isPending}>
          {t("action.save")}
        </Button>
      </Actions>
    </form>
  );
}

const saveAs = (id: string, base: Base, draft: Draft) =>
  patchDeal(id, base.sequence, patchOf(base.draft, draft));

/** Approve each line that is outside its limits by the role that may, as it is about to be written; then write it. */
async function saveApproved(id: string, base: Base, draft: Draft): Promise<Deal> {
  const prices = await readPrices(id);
  const roles = new Map<string, string>();
  for (const line of prices.lines) {
    const limit = line.floor ?? line.ceiling;
    if (limit) roles.set(line.line_id, limit.role);
  }
  const known = draft.lines.flatMap(({ id: line_id, product, quantity, price }) =>
    line_id ? [{ line_id, product, quantity, price }] : [],
  );
  for (const role of new Set(roles.values())) {
    const offers = known.filter((offer) => roles.get(offer.line_id) === role);
    if (offers.length > 0) await approve(id, base.sequence, role, offers);
  }
  const { sequence } = await readDeal(id);
  return saveAs(id, { ...base, sequence }, draft);
}

function Conflict({
  theirs,
  mine,
  onMine,
  onTheirs,
}: {
  theirs: Deal;
  mine: Draft;
  onMine: (theirs: Deal) => void;
  onTheirs: (theirs: Deal) => void;
}) {
  const { t } = useI18n();
  const found = differences(draftOf(theirs), mine);
  return (
    <div className={styles.form} role="alert">
      <p>
        <strong>{t("conflict.title")}</strong> {t("conflict.lead", { stage: theirs.stage })}
      </p>
      <table className={styles.conflict}>
        <thead>
          <tr>
            <th scope="col">{t("conflict.field")}</th>
            <th scope="col">{t("conflict.theirs")}</th>
            <th scope="col">{t("conflict.mine")}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr key={`${one.field} ${one.product ?? ""} ${one.theirs} ${one.mine}`}>
              <th scope="row">
                {t(`conflict.${one.field}`)} {one.product}
              </th>
              <td>{one.theirs || "–"}</td>
              <td>{one.mine || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Actions>
        <Button onPress={() => onTheirs(theirs)}>{t("conflict.take-theirs")}</Button>
        <Button look="primary" onPress={() => onMine(theirs)}>
          {t("conflict.keep-mine")}
        </Button>
      </Actions>
    </div>
  );
}
