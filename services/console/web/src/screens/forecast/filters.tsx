/** What is shown: a node of the hierarchies, two versions, so much of the past. Each choice is in the address. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Button, Select } from "../../ui/controls";
import { notify, notifyFailure } from "../../ui/toasts";
import styles from "./forecast.module.css";
import { type Catalog, familiesOf, type Node, nameOf } from "./node";
import { publishVersion, type VersionHead, versionsQuery } from "./queries";
import { drawnOf, type ForecastSearch, PASTS, type Past, USUAL_PAST } from "./search";

const ALL = "";
const NOW = "now";

export function Filters({
  search,
  node,
  catalog,
  versions,
}: {
  search: ForecastSearch;
  node: Node;
  catalog: Catalog & { known: boolean };
  versions: readonly VersionHead[];
}) {
  const { t } = useI18n();
  const navigate = useNavigate({ from: "/forecast" });
  const set = (change: ForecastSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), resetScroll: false });
  const family = node.family ?? catalog.products.find((one) => one.code === node.product)?.family;
  const { shown, against } = drawnOf(search, versions);
  const named = ({ version, name }: VersionHead) => ({
    id: String(version),
    name: `${version} · ${name}`,
  });
  return (
    <div className={styles.filters}>
      {catalog.known && (
        <>
          <Select
            label={t("outlook.family")}
            labelHidden
            value={family ?? ALL}
            onChoose={(code) => set({ family: code || undefined, product: undefined })}
            choices={[
              { id: ALL, name: t("outlook.all-families") },
              ...familiesOf(catalog).map((name) => ({ id: name, name })),
            ]}
          />
          <Select
            label={t("filter.product")}
            labelHidden
            value={node.product ?? ALL}
            onChoose={(code) =>
              set(
                code
                  ? { product: code, family: undefined }
                  : { product: undefined, family: family ?? undefined },
              )
            }
            choices={[
              { id: ALL, name: t("outlook.all-products") },
              ...catalog.products
                .filter((one) => !family || one.family === family)
                .map(({ code, name }) => ({ id: code, name, hint: code })),
            ]}
          />
          <Select
            label={t("filter.region")}
            labelHidden
            value={node.region ?? ALL}
            onChoose={(code) => set({ region: code || undefined })}
            choices={[
              { id: ALL, name: t("outlook.all-regions") },
              ...catalog.regions.map(({ code, name, parent }) => ({
                id: code,
                name,
                hint: parent ? (nameOf([], parent) ?? "") : code,
              })),
            ]}
          />
        </>
      )}
      <span className={styles.versions}>
        <Select
          label={t("outlook.version")}
          labelHidden
          value={shown ? String(shown.version) : NOW}
          onChoose={(id) => set({ version: id === NOW ? undefined : Number(id) })}
          choices={[{ id: NOW, name: t("outlook.now") }, ...versions.map(named)]}
        />
        {t("outlook.over")}
        <Select
          label={t("outlook.against")}
          labelHidden
          value={against ? String(against.version) : "none"}
          onChoose={(id) => set({ against: id === "none" ? "none" : Number(id) })}
          choices={[
            { id: "none", name: t("outlook.none") },
            ...versions.filter((one) => one !== shown).map(named),
          ]}
        />
      </span>
      <Select
        label={t("outlook.past")}
        labelHidden
        value={String(search.past ?? USUAL_PAST)}
        onChoose={(weeks) => set({ past: Number(weeks) as Past })}
        choices={PASTS.map((weeks) => ({
          id: String(weeks),
          name: t("outlook.weeks-back", { weeks }),
        }))}
      />
      {useMay("forecast:write") && <Publish />}
    </div>
  );
}

/** Freeze the forecast as it stands, so that what comes after can be held against it. */
export function Publish() {
  const { t } = useI18n();
  const queries = useQueryClient();
  const publish = useMutation({
    mutationFn: publishVersion,
    onSuccess: ({ version, name }) => notify({ title: t("outlook.published", { version, name }) }),
    onError: (error) => notifyFailure(error, t),
    onSettled: () => queries.invalidateQueries({ queryKey: versionsQuery.queryKey }),
  });
  return (
    <span className={styles.end}>
      <Button onPress={() => publish.mutate()} isDisabled={publish.isPending}>
        {t("outlook.publish")}
      </Button>
    </span>
  );
}
