/** Every event of the deal's life, the latest first. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Pipeline } from "../../api/queries";
import { kindWords, useDetailWords } from "../../deals/acts";
import type { Deal, Fact } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Button } from "../../ui/controls";
import { Card, Chip, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./deal.module.css";
import { lifeQuery } from "./queries";

export function Life({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t } = useI18n();
  const life = useInfiniteQuery(lifeQuery(deal.id));
  const facts = life.data?.pages.flatMap((page) => page.items);
  const detailsOf = useDetailWords(pipeline.stages);
  return (
    <Card title={t("life.title")}>
      {!facts ? (
        life.error ? (
          <Failure error={life.error} retry={() => void life.refetch()} />
        ) : (
          <Loading>
            <Skeleton height={180} />
          </Loading>
        )
      ) : facts.length === 0 ? (
        <Empty>{t("life.none")}</Empty>
      ) : (
        <ol className={styles.life}>
          {facts.map((fact) => (
            <Row key={keyOf(fact)} fact={fact} details={detailsOf(fact)} />
          ))}
        </ol>
      )}
      {life.isFetchNextPageError && <Failure error={life.error} />}
      {life.hasNextPage && (
        <Button
          size="small"
          onPress={() => void life.fetchNextPage()}
          isDisabled={life.isFetchingNextPage}
        >
          {t("life.older")}
        </Button>
      )}
    </Card>
  );
}

/** What tells a fact from the others of its deal. */
const keyOf = (fact: Fact) =>
  JSON.stringify([
    fact.kind,
    fact.at ?? fact.on,
    fact.document,
    fact.approval_id,
    fact.sale_id,
    fact.return_id,
  ]);

function Row({ fact, details }: { fact: Fact; details: readonly string[] }) {
  const { t, format } = useI18n();
  return (
    <li>
      <time dateTime={fact.at ?? fact.on}>
        {fact.at ? format.instant(fact.at) : format.date(fact.on)}
      </time>
      <div>
        <b>{kindWords(fact, { t, format })}</b> <Given>{details.join("; ")}</Given>{" "}
        {fact.by && (
          <>
            · <Given>{fact.by}</Given>{" "}
          </>
        )}
        {fact.taken_back && <Chip>{t("history.taken-back")}</Chip>}
        {fact.imported && <Chip>{t("history.imported")}</Chip>}
      </div>
      {fact.correlation_id && (
        <Link to="/traces/$id" params={{ id: fact.correlation_id }}>
          {t("life.chain")}
        </Link>
      )}
    </li>
  );
}
