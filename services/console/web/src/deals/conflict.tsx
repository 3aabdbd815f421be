/** Somebody else has changed what is being edited: whose change it was, and what now. */

import { useQuery } from "@tanstack/react-query";
import { accountsQuery, pipelinesQuery } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { Button } from "../ui/controls";
import { Actions } from "../ui/overlay";
import { Given } from "../ui/pieces";
import { fieldWords, stageNames, whoseWords } from "./acts";
import type { Deal, Fact } from "./api";
import styles from "./deals.module.css";
import { type Clash, type Draft, draftOf, merge } from "./draft";

export interface Meanwhile {
  theirs: Deal;
  /** What they last did, where it is known. */
  last: Fact | null;
}

export function Conflict({
  base,
  mine,
  meanwhile: { theirs, last },
  onSettled,
}: {
  base: Draft;
  mine: Draft;
  meanwhile: Meanwhile;
  /** What the two drafts have become; it is not saved yet. */
  onSettled: (draft: Draft) => void;
}) {
  const { t, format } = useI18n();
  const accounts = useQuery(accountsQuery).data;
  const stages = useQuery(pipelinesQuery).data?.find((one) => one.code === theirs.pipeline)?.stages;
  const stage = stageNames(stages ?? []);
  const settle = (preferred: "mine" | "theirs") => merge(base, draftOf(theirs), mine, preferred);
  const { clashes } = settle("mine");
  const shown = ({ field }: Clash, value: string): string => {
    if (value === "") return "–";
    if (field === "account_id") return accounts?.find((one) => one.id === value)?.name ?? "…";
    if (field === "expected_close" || field === "requested_date") return format.date(value);
    // What I wrote may be no amount yet.
    return field === "price" && /^\d+(\.\d+)?$/.test(value) ? format.money(value) : value;
  };
  return (
    <div className={styles.form} role="alert">
      <p>
        <strong>{t("conflict.title")}</strong>{" "}
        <Given>{whoseWords(last, { stage }, { t, format })}</Given>
      </p>
      <p>
        {t("conflict.stage", { stage: stage(theirs.stage) ?? theirs.stage })}{" "}
        {t(clashes.length > 0 ? "conflict.lead" : "conflict.apart")}
      </p>
      {clashes.length > 0 && (
        <table className={styles.conflict}>
          <thead>
            <tr>
              <th scope="col">{t("conflict.field")}</th>
              <th scope="col">{t("conflict.theirs")}</th>
              <th scope="col">{t("conflict.mine")}</th>
            </tr>
          </thead>
          <tbody>
            {clashes.map((one) => (
              <tr key={`${one.field} ${one.product ?? ""} ${one.theirs} ${one.mine}`}>
                <th scope="row">
                  {one.field === "line" ? t("conflict.line") : fieldWords(one.field, { t, format })}{" "}
                  {one.product}
                </th>
                <td>
                  <Given>{shown(one, one.theirs)}</Given>
                </td>
                <td>
                  <Given>{shown(one, one.mine)}</Given>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Actions>
        {clashes.length > 0 && (
          <Button onPress={() => onSettled(settle("theirs").draft)}>
            {t("conflict.take-theirs")}
          </Button>
        )}
        <Button look="primary" onPress={() => onSettled(settle("mine").draft)}>
          {t("conflict.keep-mine")}
        </Button>
      </Actions>
    </div>
  );
}
