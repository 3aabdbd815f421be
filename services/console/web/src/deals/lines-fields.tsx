/** The fields of a deal's lines: product, quantity, price, requested date. */

import { useQuery } from "@tanstack/react-query";
import { productsQuery } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { Button, Select, TextField } from "../ui/controls";
import styles from "./deals.module.css";
import { type DraftLine, isAmount, newLine } from "./draft";

export function LinesFields({
  lines,
  onChange,
}: {
  lines: readonly DraftLine[];
  onChange: (lines: DraftLine[]) => void;
}) {
  const { t, format } = useI18n();
  const products = useQuery(productsQuery);
  const set = (id: string, change: Partial<DraftLine>) =>
    onChange(lines.map((line) => (line.id === id ? { ...line, ...change } : line)));
  const wrong = (text: string) => (text !== "" && !isAmount(text) ? t("edit.amount") : undefined);
  return (
    <div className={styles.lines}>
      {lines.map((line) => {
        const product = products.data?.find((one) => one.code === line.product);
        return (
          <fieldset key={line.id} className={styles.line}>
            <legend className="visually-hidden">{product?.name ?? t("edit.line")}</legend>
            {line.isNew ? (
              <Select
                label={t("edit.product")}
                value={line.product || null}
                placeholder={t("edit.choose")}
                onChoose={(code) => {
                  const chosen = products.data?.find((one) => one.code === code);
                  set(line.id, {
                    product: code,
                    price: line.price || String(chosen?.list_price ?? ""),
                  });
                }}
                choices={(products.data ?? []).map((one) => ({
                  id: one.code,
                  name: one.name,
                  hint: one.code,
                }))}
              />
            ) : (
              <p className={styles.product}>
                <strong>{product?.name ?? line.product}</strong>
                <span>{line.product}</span>
              </p>
            )}
            <TextField
              label={t("edit.quantity", { unit: product?.unit ?? "" })}
              inputMode="decimal"
              value={line.quantity}
              onChange={(quantity) => set(line.id, { quantity: quantity.trim() })}
              error={wrong(line.quantity)}
            />
            <TextField
              label={t("edit.price", { currency: format.currency })}
              inputMode="decimal"
              value={line.price}
              onChange={(price) => set(line.id, { price: price.trim() })}
              error={wrong(line.price)}
            />
            <TextField
              label={t("edit.requested")}
              type="date"
              value={line.requested_date}
              onChange={(requested_date) => set(line.id, { requested_date })}
            />
            <Button
              look="quiet"
              icon="close"
              aria-label={t("edit.remove", { product: line.product })}
              onPress={() => onChange(lines.filter((one) => one.id !== line.id))}
            />
          </fieldset>
        );
      })}
      <Button size="small" onPress={() => onChange([...lines, newLine()])}>
        {t("edit.add")}
      </Button>
    </div>
  );
}
