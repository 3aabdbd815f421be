/** Documents and approvals. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { dealQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { attachDocument, type Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Button, TextField } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { Card, Chip, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./deal.module.css";
import { approvalsQuery, dealKeys } from "./queries";

export function Papers({ deal }: { deal: Deal }) {
  const { t, format } = useI18n();
  const approvals = useQuery(approvalsQuery(deal.id));
  return (
    <>
      <Card title={t("papers.documents")}>
        {deal.documents.length === 0 ? (
          <Empty>{t("papers.no-documents")}</Empty>
        ) : (
          <ul className={styles.papers}>
            {deal.documents.map((kind) => (
              <li key={kind}>
                <Icon name="check" /> <Given>{kind}</Given>
              </li>
            ))}
          </ul>
        )}
        <Attach deal={deal} />
      </Card>
      <Card title={t("papers.approvals")}>
        {!approvals.data ? (
          approvals.error ? (
            <Failure error={approvals.error} retry={() => void approvals.refetch()} />
          ) : (
            <Loading>
              <Skeleton height={40} />
            </Loading>
          )
        ) : approvals.data.length === 0 ? (
          <Empty>{t("papers.no-approvals")}</Empty>
        ) : (
          <ul className={styles.papers}>
            {approvals.data.map((approval) => (
              <li key={approval.id}>
                <span>
                  <b>
                    <Given>{approval.role}</Given>
                  </b>{" "}
                  {approval.voided_at && <Chip tone="warn">{t("papers.void")}</Chip>}
                </span>
                <span className={styles.soft}>
                  {t("papers.by", {
                    by: approval.approver,
                    at: format.instant(approval.created_at),
                    until: format.instant(approval.expires_at),
                  })}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

function Attach({ deal }: { deal: Deal }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("deals:write");
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState("");
  const [name, setName] = useState("");
  const attach = useMutation({
    mutationFn: () => attachDocument(deal.id, deal.sequence, kind.trim(), name.trim()),
    onSuccess: () => {
      setOpen(false);
      setKind("");
      setName("");
    },
    onSettled: () => {
      for (const queryKey of [dealQuery(deal.id).queryKey, ...dealKeys(deal.id)]) {
        void queries.invalidateQueries({ queryKey });
      }
    },
  });
  if (!mayWrite) return null;
  if (!open) {
    return (
      <Button size="small" onPress={() => setOpen(true)}>
        {t("papers.attach")}
      </Button>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attach.mutate();
  };
  return (
    <form className={styles.ownForm} onSubmit={submit}>
      <TextField label={t("papers.kind")} value={kind} onChange={setKind} autoFocus />
      <TextField label={t("criteria.document.name")} value={name} onChange={setName} />
      {attach.error && <Failure error={attach.error} />}
      <Button onPress={() => setOpen(false)}>{t("action.cancel")}</Button>
      <Button
        type="submit"
        look="primary"
        isDisabled={!kind.trim() || !name.trim() || attach.isPending}
      >
        {t("action.save")}
      </Button>
    </form>
  );
}
