/** Edit a deal's date, account and lines; a conflict and a price outside its limits are settled right here. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { Problem } from "../api/client";
import { accountsQuery } from "../api/queries";
import { useMay } from "../app/session";
import { useI18n } from "../i18n/i18n";
import { Button, Select, TextField } from "../ui/controls";
import { Actions, Dialog } from "../ui/overlay";
import { Failure, Loading, Skeleton } from "../ui/pieces";
import { approve, type Deal, lastAct, patchDeal, readDeal, readPriceRules } from "./api";
import { approvalsOf, isLimit } from "./approvals";
import { Conflict, type Meanwhile } from "./conflict";
import styles from "./deals.module.css";
import { complete, type Draft, draftOf, offersOf, patchOf, totalOf } from "./draft";
import { LinesFields } from "./lines-fields";

/** What was refused, of which draft: an approval is of that one alone. */
interface Refused {
  error: unknown;
  draft: Draft;
}

/** An edit that was begun elsewhere, and was refused there. */
export interface Begun {
  change: (draft: Draft) => Draft;
  error: Problem;
}

export function EditDialog({
  id,
  name,
  begun,
  onClose,
  onSaved,
}: {
  id: string;
  name: string;
  begun?: Begun | undefined;
  onClose: () => void;
  onSaved: (deal: Deal, before: Deal) => void;
}) {
  // Read once: what happens to the deal meanwhile is met when it is saved, not under the person's hands.
  const deal = useQuery({
    queryKey: ["edited-deal", id],
    queryFn: () => readDeal(id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Dialog title={<bdi dir="auto">{name}</bdi>} open onClose={onClose} wide>
      {deal.data ? (
        <Form deal={deal.data} begun={begun} onClose={onClose} onSaved={onSaved} />
      ) : deal.error ? (
        <Failure error={deal.error} retry={() => void deal.refetch()} />
      ) : (
        <Loading>
          <Skeleton height={220} />
        </Loading>
      )}
    </Dialog>
  );
}

function Form({
  deal,
  begun,
  onClose,
  onSaved,
}: {
  deal: Deal;
  begun: Begun | undefined;
  onClose: () => void;
  onSaved: (deal: Deal, before: Deal) => void;
}) {
  const { t, format } = useI18n();
  const mayApprove = useMay("deals:approve");
  const accounts = useQuery(accountsQuery);
  /** The deal that the draft changes: as it was read, or as somebody else has left it meanwhile. */
  const [from, setFrom] = useState(deal);
  const base = draftOf(from);
  const [draft, setDraft] = useState(() => begun?.change(base) ?? base);
  const [refused, setRefused] = useState<Refused | null>(
    begun ? { error: begun.error, draft } : null,
  );
  const [meanwhile, setMeanwhile] = useState<Meanwhile | null>(null);
  /** The version that this person has seen, counting what they approved themselves. */
  const seen = useRef(deal.sequence);
  const save = useMutation({
    mutationFn: async ({ wanted, approving }: { wanted: Draft; approving: Problem | null }) => {
      if (approving) {
        const offers = offersOf(wanted.lines);
        for (const one of approvalsOf(approving.refusals, await readPriceRules(), offers)) {
          seen.current = await approve(deal.id, seen.current, one.role, one.offers ?? offers);
        }
      }
      return patchDeal(deal.id, seen.current, patchOf(base, wanted));
    },
    onMutate: () => setRefused(null),
    onSuccess: (saved) => onSaved(saved, from),
    onError: async (error, { wanted }) => {
      if (error instanceof Problem && error.status === 412) {
        try {
          const [theirs, last] = await Promise.all([readDeal(deal.id), lastAct(deal.id)]);
          setMeanwhile({ theirs, last });
          return;
        } catch {
          // The conflict itself is told; saving again meets it again.
        }
      }
      setRefused({ error, draft: wanted });
    },
  });
  if (meanwhile) {
    return (
      <Conflict
        base={base}
        mine={draft}
        meanwhile={meanwhile}
        onSettled={(settled) => {
          seen.current = meanwhile.theirs.sequence;
          setFrom(meanwhile.theirs);
          setDraft(settled);
          setMeanwhile(null);
        }}
      />
    );
  }
  const value = totalOf(draft.lines);
  const { error } = refused ?? {};
  const approvable =
    error instanceof Problem &&
    error.slug === "price-outside-range" &&
    error.refusals.every(isLimit) &&
    refused?.draft === draft
      ? error
      : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ wanted: draft, approving: null });
  };
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
      {refused && <Failure error={refused.error} />}
      {approvable && !mayApprove && <p>{t("edit.ask-approval")}</p>}
      <Actions>
        <Button onPress={onClose}>{t("action.cancel")}</Button>
        {approvable && mayApprove && (
          <Button
            onPress={() => save.mutate({ wanted: draft, approving: approvable })}
            isDisabled={save.isPending}
          >
            {t("edit.approve")}
          </Button>
        )}
        <Button type="submit" look="primary" isDisabled={!complete(draft.lines) || save.isPending}>
          {t("action.save")}
        </Button>
      </Actions>
    </form>
  );
}
