/** Every event of the deal's life, the latest first. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import type { Pipeline } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Button } from "../../ui/controls";
import { Card, Chip, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./deal.module.css";
import { lifePage } from "./queries";

type Fact = Schemas["FactOut"];

const KINDS = [
  "opened",
  "changed",
  "moved",
  "won",
  "lost",
  "reopened",
  "document",
  "approved",
  "approval_voided",
  "sold",
  "shipped",
  "returned",
] as const;

export function Life({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t } = useI18n();
  const life = useInfiniteQuery({
    queryKey: ["life", deal.id],
    queryFn: ({ pageParam }) => lifePage(deal.id, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const facts = life.data?.pages.flatMap((page) => page.items) ?? [];
  const nameOf = (code: string | null | undefined) =>
    pipeline.stages.find((stage) => stage.code === code)?.name ?? code ?? "";
  return (
    <Card title={t("life.title")}>
      {life.error ? (
        <Failure error={life.error} retry={() => void life.refetch()} />
      ) : life.isPending ? (
        <Loading>
          <Skeleton height={180} />
        </Loading>
      ) : facts.length === 0 ? (
        <Empty>{t("life.none")}</Empty>
      ) : (
        <ol className={styles.life}>
          {facts.map((fact) => (
            <Row key={keyOf(fact)} fact={fact} nameOf={nameOf} />
          ))}
        </ol>
      )}
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

function Row({
  fact,
  nameOf,
}: {
  fact: Fact;
  nameOf: (code: string | null | undefined) => string;
}) {
  const { t, format } = useI18n();
  const kind = KINDS.find((one) => one === fact.kind);
  return (
    <li>
      <time dateTime={fact.at ?? fact.on}>
        {fact.at ? format.instant(fact.at) : format.date(fact.on)}
      </time>
      <div>
        <b>{kind ? t(`life.${kind}`) : fact.kind}</b> <Detail fact={fact} nameOf={nameOf} />{" "}
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

function Detail({
  fact,
  nameOf,
}: {
  fact: Fact;
  nameOf: (code: string | null | undefined) => string;
}) {
  const { t, format } = useI18n();
  const parts: string[] = [];
  if (fact.from_stage || fact.to_stage) {
    parts.push([fact.from_stage, fact.to_stage].filter(Boolean).map(nameOf).join(" → "));
  }
  for (const change of fact.changes ?? []) {
    const values = `${change.before ?? "–"} → ${change.after ?? "–"}`;
    parts.push([change.product, change.field, values].filter(Boolean).join(" "));
  }
  if (fact.also_changed?.length) parts.push(fact.also_changed.join(", "));
  if (fact.document) parts.push([fact.document, fact.name].filter(Boolean).join(": "));
  if (fact.role) parts.push([fact.role, fact.by].filter(Boolean).join(", "));
  if (fact.product && fact.quantity) {
    parts.push(
      t("life.units", { product: fact.product, quantity: format.quantity(fact.quantity) }),
    );
  }
  if (fact.amount) parts.push(format.money(fact.amount));
  if (fact.reason) parts.push(fact.reason);
  if (fact.competitor) parts.push(fact.competitor);
  return <Given>{parts.join("; ")}</Given>;
}
