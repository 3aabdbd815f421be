/** How likely the deal is won: the model's word with the cases behind it, and a person's own beside it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { dealQuery, demandQuery, type Pipeline } from "../../api/queries";
import { useMay } from "../../app/session";
import { type Deal, patchDeal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Button, TextField } from "../../ui/controls";
import { useGlow } from "../../ui/glow";
import { Card, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import styles from "./deal.module.css";
import { shareOf } from "./share";
import { useEdited } from "./use-edited";

export function Probability({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const may = useMay("forecast:read");
  const demand = useQuery({ ...demandQuery(deal.id), enabled: may, retry: false });
  const glow = useGlow(deal.model_probability);
  const counts = demand.data?.counts;
  const stage = pipeline.stages.find((one) => one.code === deal.stage)?.name ?? deal.stage;
  return (
    <Card title={t("probability.title")}>
      <p className={styles.chance}>
        <b className={`number ${glow ?? ""}`}>
          {deal.model_probability === null ? "–" : format.percent(deal.model_probability)}
        </b>
        <span>{t("probability.model")}</span>
      </p>
      {!may ? (
        <Empty>{t("beat.forbidden", { scope: "forecast:read" })}</Empty>
      ) : demand.error && !demand.data ? (
        <Failure error={demand.error} retry={() => void demand.refetch()} />
      ) : demand.isPending ? (
        <Loading>
          <Skeleton height={40} />
        </Loading>
      ) : counts ? (
        <p className={styles.soft}>{t("probability.counts", { stage, ...counts })}</p>
      ) : (
        <p className={styles.soft}>{t("probability.no-counts")}</p>
      )}
      <Own deal={deal} pipeline={pipeline} />
    </Card>
  );
}

function Own({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("deals:write");
  const [text, setText] = useState<string | null>(null);
  const edited = useEdited(pipeline.stages);
  const save = useMutation({
    mutationFn: async (manual_probability: string | null) => {
      edited(await patchDeal(deal.id, deal.sequence, { manual_probability }), deal);
    },
    onSuccess: () => setText(null),
    onSettled: () => queries.invalidateQueries({ queryKey: dealQuery(deal.id).queryKey }),
  });
  const share = text === null ? null : shareOf(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (share) save.mutate(share);
  };
  const own = deal.manual_probability;
  return (
    <div className={styles.own}>
      {own !== null && (
        <p className={styles.chance}>
          <b className="number">{format.percent(own)}</b>
          <span>{t("probability.own")}</span>
        </p>
      )}
      {save.error && <Failure error={save.error} />}
      {mayWrite && deal.status === "open" && text === null && (
        <div className={styles.acts}>
          <Button size="small" onPress={() => setText("")}>
            {t(own === null ? "probability.set" : "probability.change")}
          </Button>
          {own !== null && (
            <Button size="small" onPress={() => save.mutate(null)}>
              {t("probability.remove")}
            </Button>
          )}
        </div>
      )}
      {text !== null && (
        <form className={styles.ownForm} onSubmit={submit}>
          <TextField
            label={t("probability.percent")}
            inputMode="decimal"
            value={text}
            onChange={setText}
            error={text !== "" && share === null ? t("probability.wrong") : undefined}
            autoFocus
          />
          <Button onPress={() => setText(null)}>{t("action.cancel")}</Button>
          <Button type="submit" look="primary" isDisabled={share === null || save.isPending}>
            {t("action.save")}
          </Button>
        </form>
      )}
    </div>
  );
}
