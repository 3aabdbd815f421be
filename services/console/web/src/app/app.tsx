/** The console: a session, the company it is about, the stream of events, and the screens. */

import { QueryCache, QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { NoAnswer, Problem } from "../api/client";
import { companyQuery, endedKey, sessionQuery } from "../api/queries";
import { LanguageProvider } from "../i18n/i18n";
import { LiveProvider } from "../live/live";
import { BeatProvider } from "../screens/beat/use-beat";
import { Toasts } from "../ui/overlay";
import { Failure } from "../ui/pieces";
import styles from "./app.module.css";
import { router } from "./router";
import { SessionContext } from "./session";
import { SignIn } from "./sign-in";

const RETRIES = 3;

/** Only what may go well the next time is asked again by itself. */
function worthRetrying(failures: number, error: Error): boolean {
  const passing = error instanceof NoAnswer || (error instanceof Problem && error.status >= 502);
  return passing && failures < RETRIES;
}

function makeQueries(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session has ended: ask who is there again, which leads to the sign-in.
        if (error instanceof Problem && error.status === 401) {
          queries.setQueryData(endedKey, true);
          void queries.resetQueries({ queryKey: sessionQuery.queryKey, exact: true });
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        retry: worthRetrying,
        refetchOnWindowFocus: false,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return queries;
}

export function App() {
  const [queries] = useState(makeQueries);
  return (
    <QueryClientProvider client={queries}>
      <Entrance />
    </QueryClientProvider>
  );
}

const BEFORE_ANY_COMPANY = { time_zone: "UTC", currency: "EUR" };

function Entrance() {
  const session = useQuery(sessionQuery);
  const signedIn = session.data ?? null;
  const company = useQuery({
    ...companyQuery,
    enabled: signedIn?.scopes.includes("deals:read") ?? false,
  });
  const { time_zone: zone, currency } = company.data ?? BEFORE_ANY_COMPANY;
  const waiting = session.isPending || company.isLoading;
  return (
    <LanguageProvider zone={zone} currency={currency}>
      {session.error ? (
        <main className={styles.entrance}>
          <Failure error={session.error} retry={() => void session.refetch()} />
        </main>
      ) : waiting ? (
        <Waiting />
      ) : signedIn ? (
        <SessionContext value={signedIn}>
          <LiveProvider>
            <BeatProvider>
              <RouterProvider router={router} />
            </BeatProvider>
          </LiveProvider>
        </SessionContext>
      ) : (
        <SignIn />
      )}
      <Toasts />
    </LanguageProvider>
  );
}

const PATIENCE_MS = 400;

/** Nothing for a moment, so that a quick answer does not flicker; then a sign of life. */
function Waiting() {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className={styles.entrance}>
      {long && <div className={styles.pulse} role="status" aria-label="Takt" />}
    </main>
  );
}
