import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { sessionQuery, signOut } from "../api/queries";

/** End the session here and in the door, and forget all that was read in it. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await signOut();
    queries.setQueryData(sessionQuery.queryKey, null);
    queries.removeQueries({
      predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0],
    });
  }, [queries]);
}
