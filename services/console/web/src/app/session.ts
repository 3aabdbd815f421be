/** Who is signed in, and what their key opens. */

import { createContext, use } from "react";
import type { Session } from "../api/queries";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession outside of a session");
  return session;
}

/** Whether the key has this scope. The services decide; the page only does not offer what they refuse. */
export function useMay(scope: string): boolean {
  return useSession().scopes.includes(scope);
}
