/** A signal in few words. */

import { useI18n } from "../../i18n/i18n";
import type { Signal } from "./signals";

/** "Promotion +20 %": its kind and what it is said to change. */
export function useSignalWords(): (signal: Signal) => string {
  const { t, format } = useI18n();
  return ({ kind, strength }) => {
    const name = t(`signal.${kind}`);
    return strength ? `${name} ${format.percentChange(strength)}` : name;
  };
}
