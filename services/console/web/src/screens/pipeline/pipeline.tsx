/** The board: every open deal by stage, moved by hand, kept up to date by the events. */

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { pipelinesQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Card, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import { Board } from "./board-view";
import { useLiveCards, usePipelineCards } from "./cards";
import { useFresh } from "./news";
import styles from "./pipeline.module.css";

export function Pipeline() {
  const { t } = useI18n();
  if (!useMay("deals:read")) {
    return <Card>{<Empty>{t("beat.forbidden", { scope: "deals:read" })}</Empty>}</Card>;
  }
  return <Read />;
}

function Read() {
  const { t } = useI18n();
  const filters = useSearch({ from: "/pipeline" });
  const pipelines = useQuery(pipelinesQuery);
  const pipeline = pipelines.data?.[0];
  const code = pipeline?.code ?? "default";
  const cards = usePipelineCards(code);
  const [fresh, markFresh] = useFresh();
  // From before the first answer on: what happens while it is read must not be missed.
  const live = useLiveCards(code, markFresh);
  const error = (pipeline ? null : pipelines.error) ?? (cards.data ? null : cards.error);
  if (error) {
    return (
      <Failure
        error={error}
        retry={() => {
          void pipelines.refetch();
          void cards.refetch();
        }}
      />
    );
  }
  if (!pipeline || cards.isPending) {
    return (
      <Loading>
        <div className={styles.board}>
          {["a", "b", "c", "d"].map((name) => (
            <div key={name} className={styles.column}>
              <Skeleton height={520} />
            </div>
          ))}
        </div>
      </Loading>
    );
  }
  if (cards.cards.length === 0) return <Empty>{t("board.empty")}</Empty>;
  return (
    <Board pipeline={pipeline} cards={cards.cards} filters={filters} live={live} fresh={fresh} />
  );
}
