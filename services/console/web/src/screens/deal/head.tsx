/** The deal in a glance, and what can be done with it. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { Problem } from "../../api/client";
import { dealQuery, type Pipeline } from "../../api/queries";
import { useMay } from "../../app/session";
import { stageNames } from "../../deals/acts";
import { type Closing, type Deal, moveDeal, type StageMoved } from "../../deals/api";
import { CloseDialog } from "../../deals/close-dialog";
import { CriteriaDialog } from "../../deals/criteria-dialog";
import { EditDialog } from "../../deals/editor";
import type { Refused } from "../../deals/fill";
import { type Done, isUnmet, useMoveNotices } from "../../deals/move-notices";
import { useI18n } from "../../i18n/i18n";
import { Button, Dropdown, DropdownItem } from "../../ui/controls";
import { useGlow } from "../../ui/glow";
import { Card, Chip, Given } from "../../ui/pieces";
import { useUndoKey } from "../../ui/undo";
import styles from "./deal.module.css";
import { useNames } from "./names";
import { useEdited } from "./use-edited";

export function Head({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("deals:write");
  const names = useNames(deal);
  const [editing, setEditing] = useState(false);
  const [closing, setClosing] = useState<{ kind: "won" | "lost"; stage: string } | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const glow = useGlow(deal.value);
  const { stages } = pipeline;
  const stage = stages.find((one) => one.code === deal.stage);
  const goals = stages.filter((one) => stage?.moves_to.includes(one.code));
  const refresh = useCallback(
    () => void queries.invalidateQueries({ queryKey: dealQuery(deal.id).queryKey }),
    [queries, deal.id],
  );

  const notices = useMoveNotices(stages);
  const edited = useEdited(stages);
  useUndoKey();
  const undo = async (done: Done) => {
    try {
      // Of the version that the move made: what somebody did since is not taken back with it.
      await moveDeal(done.id, done.sequence, done.from);
    } catch (error) {
      notices.failed(done, error, "undo");
    }
    refresh();
  };
  const moved = ({ sequence }: StageMoved, from: string, to: string) => {
    const done = { id: deal.id, name: deal.name, from, to, sequence };
    notices.moved([done], () => void undo(done));
    refresh();
  };

  const move = async (to: string, closing: Closing = {}) => {
    const { id, name, stage: from, sequence } = deal;
    try {
      moved(await moveDeal(id, sequence, to, closing), from, to);
    } catch (error) {
      if (error instanceof Problem && isUnmet(error)) {
        const stageName = stageNames(stages)(to) ?? to;
        setRefused({ id, name, from, stage: to, stageName, sequence, closing, problem: error });
      } else notices.failed(deal, error);
      refresh();
    }
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
          onSaved={(saved, before) => {
            setEditing(false);
            edited(saved, before);
            refresh();
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
          stages={stages}
          onClose={() => setRefused(null)}
          onMoved={(answer) => {
            setRefused(null);
            moved(answer, refused.from, refused.stage);
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
