/** What to show of the board: each choice is in the address. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { memo, useEffect, useRef, useState } from "react";
import { Input, SearchField } from "react-aria-components";
import {
  ownersQuery,
  type Pipeline,
  productsQuery,
  regionsQuery,
  teamsQuery,
} from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { Button, Dropdown, DropdownItem, Select } from "../../ui/controls";
import ui from "../../ui/ui.module.css";
import {
  AGES,
  type Age,
  type Filters,
  type ListFilter,
  LONGEST,
  SORTS,
  type Sort,
} from "./filters";
import styles from "./pipeline.module.css";
import { Views } from "./views";

export const FiltersBar = memo(function FiltersBar({
  filters,
  pipeline,
  shown,
  all,
  onCsv,
}: {
  filters: Filters;
  pipeline: Pipeline;
  shown: number;
  all: number;
  onCsv: () => void;
}) {
  const { t } = useI18n();
  const navigate = useNavigate({ from: "/pipeline" });
  const owners = useQuery(ownersQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const regions = useQuery(regionsQuery).data ?? [];
  const products = useQuery(productsQuery).data ?? [];
  const set = (change: Filters) =>
    void navigate({ search: { ...filters, ...change }, replace: true });
  const lists: [ListFilter, readonly { code: string; name: string }[]][] = [
    ["stage", pipeline.stages.filter((stage) => stage.kind === "open")],
    ["owner", owners],
    ["team", teams],
    ["region", regions],
    ["product", products],
  ];
  const { sort: _, ...narrowing } = filters;
  const narrowed = Object.values(narrowing).some((value) => value !== undefined);
  return (
    <div className={styles.filters}>
      <TextFilter text={filters.text ?? ""} onText={(text) => set({ text: text || undefined })} />
      {lists.map(([name, choices]) => (
        <Many
          key={name}
          label={t(`filter.${name}`)}
          choices={choices}
          chosen={filters[name] ?? []}
          onChoose={(codes) => set({ [name]: codes.length > 0 ? codes : undefined })}
        />
      ))}
      <Select
        label={t("filter.age")}
        labelHidden
        value={filters.age ?? "all"}
        onChoose={(age) => set({ age: age === "all" ? undefined : (age as Age) })}
        choices={[
          { id: "all", name: t("filter.age.all") },
          ...AGES.map((age) => ({ id: age, name: t(`filter.age.${age}`) })),
        ]}
      />
      <Select
        label={t("filter.sort")}
        labelHidden
        value={filters.sort ?? "value"}
        onChoose={(sort) => set({ sort: sort === "value" ? undefined : (sort as Sort) })}
        choices={SORTS.map((sort) => ({ id: sort, name: t(`sort.${sort}`) }))}
      />
      <span className={styles.shown} role="status">
        {t("filter.shown", { shown, all })}
      </span>
      {narrowed && (
        <Button
          look="quiet"
          icon="close"
          aria-label={t("filter.clear")}
          onPress={() =>
            void navigate({ search: filters.sort ? { sort: filters.sort } : {}, replace: true })
          }
        />
      )}
      <Views filters={filters} />
      <Button icon="download" aria-label={t("board.csv")} onPress={onCsv} />
    </div>
  );
});

/** What is typed is shown at once; the address follows, once a word of several keys (Chinese) is composed. */
export function TextFilter({ text, onText }: { text: string; onText: (text: string) => void }) {
  const { t } = useI18n();
  const [typed, type] = useState(text);
  const composing = useRef(false);
  /** What was handed on and has not come back in the address yet. */
  const told = useRef<string[]>([]);
  useEffect(() => {
    const place = told.current.indexOf(text);
    // An own echo, however late, changes nothing; another address does: a view, or the way back.
    if (place >= 0) told.current.splice(0, place + 1);
    else type(text);
  }, [text]);
  const tell = (now: string) => {
    if (now !== (told.current.at(-1) ?? text)) {
      told.current.push(now);
      onText(now);
    }
  };
  return (
    <SearchField
      aria-label={t("filter.text")}
      value={typed}
      onChange={(now) => {
        type(now);
        if (!composing.current) tell(now);
      }}
      onBlur={() => {
        // Some of it never comes back, where the address went on at once: it must not pass for an echo later.
        told.current = [];
      }}
      className={styles.search ?? ""}
    >
      <Input
        className={ui.input ?? ""}
        placeholder={t("filter.text")}
        maxLength={LONGEST}
        onCompositionStart={() => {
          composing.current = true;
        }}
        onCompositionEnd={(event) => {
          composing.current = false;
          tell(event.currentTarget.value);
        }}
      />
    </SearchField>
  );
}

function Many({
  label,
  choices,
  chosen,
  onChoose,
}: {
  label: string;
  choices: readonly { code: string; name: string }[];
  chosen: readonly string[];
  onChoose: (codes: string[]) => void;
}) {
  return (
    <Dropdown
      button={
        <Button icon="filter">
          {label}
          {chosen.length > 0 && <b> {chosen.length}</b>}
        </Button>
      }
      aria-label={label}
      selectionMode="multiple"
      selectedKeys={chosen}
      onSelectionChange={(keys) =>
        onChoose(keys === "all" ? choices.map((one) => one.code) : [...keys].map(String))
      }
    >
      {choices.map((choice) => (
        <DropdownItem key={choice.code} id={choice.code} textValue={choice.name}>
          <bdi dir="auto">{choice.name}</bdi>
        </DropdownItem>
      ))}
    </Dropdown>
  );
}
