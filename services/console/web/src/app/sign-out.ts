import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { enter, signOut } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { notifyFailure } from "../ui/toasts";

/** End the session here and in the door, and forget all that was read in it. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  const { t } = useI18n();
  return useCallback(async () => {
    try {
      await signOut();
    } catch (error) {
      // The door still has it: to say otherwise would leave it open to whoever comes next.
      notifyFailure(error, t);
      return;
    }
    enter(queries, null);
  }, [queries, t]);
}
