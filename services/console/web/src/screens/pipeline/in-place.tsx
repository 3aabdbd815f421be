/** A card's date, or the price of its only line, edited where it stands: Enter saves, Escape gives up. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useEffect, useState } from "react";
import { Dialog, Popover } from "react-aria-components";
import { readDeal } from "../../deals/api";
import { isAmount } from "../../deals/draft";
import { useI18n } from "../../i18n/i18n";
import { times } from "../../lib/amount";
import { Button, TextField } from "../../ui/controls";
import { Failure, Loading, Skeleton } from "../../ui/pieces";
import type { Card } from "./cards";
import styles from "./pipeline.module.css";
import type { Edit } from "./use-edits";

export interface Editing {
  card: Card;
  field: Edit["field"];
  /** Where it stands on the page. */
  place: RefObject<Element | null>;
}

export function InPlace({
  editing: { card, field, place },
  onSave,
  onWhole,
  onClose,
}: {
  editing: Editing;
  onSave: (edit: Edit) => void;
  /** The deal has several lines, or more is wanted: the dialog has it all. */
  onWhole: () => void;
  onClose: () => void;
}) {
  return (
    <Popover
      className={styles.inPlace ?? ""}
      triggerRef={place}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      placement="bottom start"
      offset={-26}
    >
      <Dialog className={styles.inPlaceDialog ?? ""} aria-label={card.name}>
        {field === "price" ? (
          <Price card={card} onSave={onSave} onWhole={onWhole} onClose={onClose} />
        ) : (
          <Close card={card} onSave={onSave} onWhole={onWhole} onClose={onClose} />
        )}
      </Dialog>
    </Popover>
  );
}

interface FieldProps {
  card: Card;
  onSave: (edit: Edit) => void;
  onWhole: () => void;
  onClose: () => void;
}

function Close({ card, onSave, onWhole, onClose }: FieldProps) {
  const { t } = useI18n();
  const [value, setValue] = useState(card.expected_close ?? "");
  const save = () => {
    if (value === (card.expected_close ?? "")) onClose();
    else onSave({ field: "expected_close", value, sequence: card.sequence });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label={t("edit.close")}
        type="date"
        value={value}
        onChange={setValue}
        hint={t("edit.keys")}
        onKeyDown={(event) => {
          if (event.key !== "Enter") {
            event.continuePropagation();
            return;
          }
          // Not every browser sends a form from a date's field.
          event.preventDefault();
          save();
        }}
        autoFocus
      />
      <Acts onWhole={onWhole} able />
    </form>
  );
}

function Price({ card, onSave, onWhole, onClose }: FieldProps) {
  const { t, format } = useI18n();
  const deal = useQuery({
    queryKey: ["edited-deal", card.id],
    queryFn: () => readDeal(card.id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const [written, write] = useState<string | null>(null);
  const lines = deal.data?.lines;
  const several = lines !== undefined && lines.length !== 1;
  useEffect(() => {
    if (several) onWhole();
  }, [several, onWhole]);
  const line = lines?.[0];
  if (!deal.data || !line) {
    return deal.error ? (
      <Failure error={deal.error} retry={() => void deal.refetch()} />
    ) : (
      <Loading>
        <Skeleton height={58} width={200} />
      </Loading>
    );
  }
  const value = written ?? line.price;
  const able = isAmount(value);
  const { data } = deal;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value === line.price) onClose();
    else if (able) onSave({ field: "price", value, sequence: data.sequence, deal: data });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label={t("edit.price", { currency: format.currency })}
        inputMode="decimal"
        value={value}
        onChange={(text) => write(text.trim())}
        hint={t("edit.times", {
          quantity: format.quantity(line.quantity),
          value: able ? format.money(times(line.quantity, value)) : "–",
        })}
        error={value !== "" && !able ? t("edit.amount") : undefined}
        autoFocus
      />
      <Acts onWhole={onWhole} able={able} />
    </form>
  );
}

function Acts({ onWhole, able }: { onWhole: () => void; able: boolean }) {
  const { t } = useI18n();
  return (
    <p className={styles.inPlaceActs}>
      <Button look="quiet" size="small" onPress={onWhole}>
        {t("edit.whole")}
      </Button>
      <Button type="submit" look="primary" size="small" isDisabled={!able}>
        {t("action.save")}
      </Button>
    </p>
  );
}
