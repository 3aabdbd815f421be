/** What somebody did to a deal, in words: for its life, and for who meets a change meanwhile. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { accountsQuery, ownersQuery, type PipelineStage, regionsQuery } from "../api/queries";
import { type I18n, useI18n } from "../i18n/i18n";
import type { Fact } from "./api";

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

const FIELDS = [
  "account_id",
  "expected_close",
  "manual_probability",
  "name",
  "owner",
  "price",
  "product",
  "quantity",
  "region",
  "requested_date",
  "terms",
  "value",
] as const;

type Change = NonNullable<Fact["changes"]>[number];

/** What the codes in a fact stand for; undefined where that is not known. */
export interface Named {
  stage: (code: string) => string | undefined;
  account: (id: string) => string | undefined;
  owner: (code: string) => string | undefined;
  region: (code: string) => string | undefined;
}

type Words = Pick<I18n, "t" | "format">;

export function kindWords({ kind }: Fact, { t }: Words): string {
  const known = KINDS.find((one) => one === kind);
  return known ? t(`life.${known}`) : kind;
}

export function fieldWords(field: string, { t }: Words): string {
  const known = FIELDS.find((one) => one === field);
  return known ? t(`field.${known}`) : field;
}

/** A field's value as a person reads it; undefined where it is a code whose name is not known. */
function valueWords(
  field: string,
  value: string | null | undefined,
  named: Named,
  { format }: Words,
): string | undefined {
  if (value === null || value === undefined) return "–";
  switch (field) {
    case "account_id":
      return named.account(value);
    case "owner":
      return named.owner(value) ?? value;
    case "region":
      return named.region(value) ?? value;
    case "expected_close":
    case "requested_date":
      return format.date(value);
    case "price":
    case "value":
      return format.money(value);
    case "quantity":
      return format.quantity(value);
    default:
      return value;
  }
}

function changeWords(change: Change, named: Named, words: Words): string {
  const field = [change.product, fieldWords(change.field, words)].filter(Boolean).join(" ");
  const before = valueWords(change.field, change.before, named, words);
  const after = valueWords(change.field, change.after, named, words);
  return before === undefined || after === undefined ? field : `${field}: ${before} → ${after}`;
}

/** All that is kept of a fact beside its kind and its instant. */
export function detailWords(fact: Fact, named: Named, words: Words): string[] {
  const { t, format } = words;
  const parts: string[] = [];
  const stages = [fact.from_stage, fact.to_stage].flatMap((code) =>
    code ? [named.stage(code) ?? code] : [],
  );
  if (stages.length > 0) parts.push(stages.join(" → "));
  for (const change of fact.changes ?? []) parts.push(changeWords(change, named, words));
  for (const field of fact.also_changed ?? []) parts.push(fieldWords(field, words));
  if (fact.document) parts.push([fact.document, fact.name].filter(Boolean).join(": "));
  if (fact.role) parts.push(fact.role);
  if (fact.product && fact.quantity) {
    const quantity = format.quantity(fact.quantity);
    parts.push(t("life.units", { product: fact.product, quantity }));
  }
  if (fact.amount) parts.push(format.money(fact.amount));
  if (fact.reason) parts.push(fact.reason);
  if (fact.competitor) parts.push(fact.competitor);
  return parts;
}

/** Who did something to a deal, when, and to which of its fields; empty where it is not known. */
export function whoseWords(fact: Fact | null, named: Pick<Named, "stage">, words: Words): string {
  if (!fact?.at) return "";
  const { t, format } = words;
  const fields = [
    ...(fact.changes ?? []).map(({ field }) => fieldWords(field, words)),
    ...(fact.also_changed ?? []).map((field) => fieldWords(field, words)),
  ];
  const about = [
    ...new Set(fields),
    ...(fact.to_stage ? [named.stage(fact.to_stage) ?? fact.to_stage] : []),
    ...(fact.document ? [fact.document] : []),
  ];
  const told = {
    act: kindWords(fact, words),
    who: fact.by ?? t("conflict.somebody"),
    when: format.instant(fact.at),
  };
  return about.length > 0
    ? t("conflict.whose", { ...told, fields: about.join(", ") })
    : t("conflict.whose.plain", told);
}

export const stageNames =
  (stages: readonly PipelineStage[]) =>
  (code: string): string | undefined =>
    stages.find((stage) => stage.code === code)?.name;

/** The words for a fact's details, as far as the names in it have been read. */
export function useDetailWords(stages: readonly PipelineStage[]): (fact: Fact) => string[] {
  const { t, format } = useI18n();
  const accounts = useQuery(accountsQuery).data;
  const owners = useQuery(ownersQuery).data;
  const regions = useQuery(regionsQuery).data;
  return useMemo(() => {
    const named: Named = {
      stage: stageNames(stages),
      account: (id) => accounts?.find((one) => one.id === id)?.name,
      owner: (code) => owners?.find((one) => one.code === code)?.name,
      region: (code) => regions?.find((one) => one.code === code)?.name,
    };
    return (fact) => detailWords(fact, named, { t, format });
  }, [stages, accounts, owners, regions, t, format]);
}
