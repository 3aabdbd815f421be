/** The quiet button that saves as CSV what is shown beside it. */

import { useI18n } from "../i18n/i18n";
import { Button } from "./controls";

export function CsvButton({ save, isDisabled }: { save: () => void; isDisabled?: boolean }) {
  const { t } = useI18n();
  return (
    <Button
      look="quiet"
      size="small"
      icon="download"
      aria-label={t("chart.csv")}
      isDisabled={isDisabled ?? false}
      onPress={save}
    />
  );
}
