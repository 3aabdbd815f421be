/** What models are called. */

import { useI18n } from "../../i18n/i18n";

const KNOWN = [
  "naive",
  "fast",
  "combination",
  "rate",
  "analogue",
  "pipeline",
  "published",
] as const;

export function useModelName(): (model: string) => string {
  const { t } = useI18n();
  return (model) => {
    const known = KNOWN.find((one) => one === model);
    return known ? t(`model.${known}`) : model;
  };
}
