/** The deal in a glance, and what can be done with it. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/client";
import { dealQuery, type Pipeline } from "../../api/queries";
import { useMay } from "../../app/session";
import { type Closing, type Deal, moveDeal } from "../../deals/api";
import { CloseDialog } from "../../deals/close-dialog";
import { CriteriaDialog, type Refused } from "../../deals/criteria-dialog";
import { EditDialog } from "../../deals/editor";
import { useI18n } from "../../i18n/i18n";
import { Button, Dropdown, DropdownItem } from "../../ui/controls";
import { useGlow } from "../../ui/glow";
import { notify } from "../../ui/overlay";
import { Card, Chip, Given, wordsOf } from "../../ui/pieces";
import styles from "./deal.module.css";
import { useNames } from "./names";

export function Head({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("deals:write");
  const names = useNames(deal);
  const [editing, setEditing] = useState(false);
  const [closing, setClosing] = useState<{ kind: "won" | "lost"; stage: string } | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const glow = useGlow(deal.value);
  const stage = pipeline.stages.find((one) => one.code === deal.stage);
  const goals = pipeline.stages.filter((one) => stage?.moves_to.includes(one.code));
  const refresh = () => queries.invalidateQueries({ queryKey: dealQuery(deal.id).queryKey });

  const move = async (to: string, closing: Closing = {}) => {
    const goal = pipeline.stages.find((one) => one.code === to);
    try {
      await moveDeal(deal.id, deal.sequence, to, closing);
      notify({ title: t("board.moved", { deal: deal.name, stage: goal?.name ?? to }) });
    } catch (error) {
      if (
        error instanceof Problem &&
        error.refusals.length > 0 &&
        error.slug !== "move-not-declared"
      ) {
        setRefused({
          id: deal.id,
          name: deal.name,
          stage: to,
          stageName: goal?.name ?? to,
          problem: error,
        });
      } else {
        const words = wordsOf(error, t);
        const stale = error instanceof Problem && error.status === 412;
        notify({
          title: stale ? t("board.stale", { deal: deal.name }) : words.title,
          detail: stale ? t("board.stale.detail") : (words.remedy ?? words.detail),
          tone: "bad",
        });
      }
    }
    void refresh();
  };

  return (
    <Card>
      <div className={styles.head}>
        <div className={styles.title}>
          <h2>
            <Given>{deal.name}</Given>
          </h2>
          <p>
            <Given>{names.account ?? t("card.no-account")}</Given>
            {deal.stalled && <Chip tone="bad">{t("card.stalled")}</Chip>}
            {deal.status !== "open" && (
              <Chip tone={deal.status === "won" ? "good" : "bad"}>{stage?.name}</Chip>
            )}
          </p>
        </div>
        <p className={styles.value}>
          <b className={`number ${glow ?? ""}`}>{format.money(deal.value)}</b>
          <span>{t("deal.value")}</span>
        </p>
        {mayWrite && (
          <div className={styles.acts}>
            <Button icon="edit" onPress={() => setEditing(true)}>
              {t("deal.edit")}
            </Button>
            <Dropdown
              button={
                <Button look="primary" icon="arrow">
                  {t("board.move-selected")}
                </Button>
              }
              aria-label={t("board.move-selected")}
              onAction={(key) => {
                const goal = goals.find((one) => one.code === key);
                if (goal?.kind === "won" || goal?.kind === "lost") {
                  setClosing({ kind: goal.kind, stage: goal.code });
                } else void move(String(key));
              }}
            >
              {goals.map((goal) => (
                <DropdownItem key={goal.code} id={goal.code}>
                  {goal.name}
                </DropdownItem>
              ))}
            </Dropdown>
          </div>
        )}
      </div>
      <Steps pipeline={pipeline} stage={deal.stage} />
      <dl className={styles.facts}>
        <Fact name={t("edit.close")}>
          {deal.expected_close ? format.date(deal.expected_close) : "–"}
        </Fact>
        <Fact name={t("filter.owner")}>
          <Given>{names.owner}</Given>
        </Fact>
        <Fact name={t("filter.team")}>
          <Given>{names.team ?? "–"}</Given>
        </Fact>
        <Fact name={t("filter.region")}>
          <Given>{names.region}</Given>
        </Fact>
        <Fact name={t("deal.opened")}>{format.instant(deal.opened_at)}</Fact>
        <Fact name={t("deal.terms")}>
          {deal.payment_days === null ? "–" : format.days(deal.payment_days)}
        </Fact>
        <Fact name={t("deal.source")}>
          <Given>{[deal.source, deal.external_id].filter(Boolean).join(" ") || "–"}</Given>
        </Fact>
        {deal.reason && (
          <Fact name={t("deal.reason")}>
            <Given>{[deal.reason, deal.competitor].filter(Boolean).join(", ")}</Given>
          </Fact>
        )}
      </dl>
      {editing && (
        <EditDialog
          id={deal.id}
          name={deal.name}
          onClose={() => setEditing(false)}
          onSaved={() => {
            setEditing(false);
            void refresh();
          }}
        />
      )}
      {closing && (
        <CloseDialog
          kind={closing.kind}
          names={[deal.name]}
          onClose={() => setClosing(null)}
          onDone={(why) => {
            setClosing(null);
            void move(closing.stage, why);
          }}
        />
      )}
      {refused && (
        <CriteriaDialog
          refused={refused}
          onClose={() => setRefused(null)}
          onMoved={() => {
            setRefused(null);
            void refresh();
          }}
        />
      )}
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Steps({ pipeline, stage }: { pipeline: Pipeline; stage: string }) {
  const { t } = useI18n();
  const here = pipeline.stages.findIndex((one) => one.code === stage);
  return (
    <ol className={styles.steps} aria-label={t("deal.steps")}>
      {pipeline.stages
        .filter((one, place) => one.kind !== "lost" || place === here)
        .map((one) => {
          const place = pipeline.stages.indexOf(one);
          return (
            <li
              key={one.code}
              data-state={place < here ? "past" : place === here ? "here" : "ahead"}
              aria-current={place === here ? "step" : undefined}
            >
              <Given>{one.name}</Given>
            </li>
          );
        })}
    </ol>
  );
}
